-- The kind of entries that bring in what accounts had come to before this ledger.
DO $$
DECLARE was text;
BEGIN
  SELECT pg_get_constraintdef(oid) INTO STRICT was FROM pg_constraint
  WHERE conrelid = 'entries'::regclass AND conname = 'entries_kind_check';
  ALTER TABLE entries DROP CONSTRAINT entries_kind_check;
  EXECUTE 'ALTER TABLE entries ADD CONSTRAINT entries_kind_check ' || replace(was, 'ARRAY[', 'ARRAY[''opening''::text, ');
END $$;
