-- The kind of entries that give back credits joins those there are.
DO $$
DECLARE known text := (SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint
  WHERE conrelid = 'entries'::regclass AND conname = 'entries_kind_check');
BEGIN
  ALTER TABLE entries DROP CONSTRAINT entries_kind_check;
  EXECUTE format('ALTER TABLE entries ADD CONSTRAINT entries_kind_check CHECK (%s OR kind = %L)', known, 'credit_return');
END $$;

-- What was given back of credits sold in a month that was open: it lessens that month's invoice.
CREATE TABLE credit_returns (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  credit text COLLATE "C" NOT NULL REFERENCES credits,
  amount numeric(38,12) NOT NULL,
  reason text COLLATE "C" NOT NULL,
  entry bigint NOT NULL REFERENCES entries
);
CREATE INDEX credit_returns_of_credit ON credit_returns (credit);

CREATE TRIGGER credit_returns_are_not_updated BEFORE UPDATE ON credit_returns FOR EACH STATEMENT EXECUTE FUNCTION refuse('a return of a credit never changes');
CREATE TRIGGER credit_returns_are_not_deleted BEFORE DELETE OR TRUNCATE ON credit_returns FOR EACH STATEMENT EXECUTE FUNCTION refuse('a return of a credit never changes');
