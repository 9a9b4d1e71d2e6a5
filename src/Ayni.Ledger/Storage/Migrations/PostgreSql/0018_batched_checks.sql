-- Rows that come by the hundred are checked together: a foreign key looks for each alone. What they refer to is never deleted.
ALTER TABLE postings DROP CONSTRAINT postings_entry_fkey, DROP CONSTRAINT postings_account_fkey;
ALTER TABLE receipts DROP CONSTRAINT receipts_entry_fkey, DROP CONSTRAINT receipts_key_fkey, DROP CONSTRAINT receipts_customer_fkey;

CREATE FUNCTION demand_references_of_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added LEFT JOIN entries e ON e.number = added.entry LEFT JOIN accounts a ON a.id = added.account
    WHERE e.number IS NULL OR a.id IS NULL) THEN
    RAISE EXCEPTION 'a posting belongs to an entry and an account' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER postings_have_references AFTER INSERT ON postings REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION demand_references_of_postings();

CREATE FUNCTION demand_references_of_receipts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM added LEFT JOIN entries e ON e.number = added.entry LEFT JOIN keys k ON k.id = added.key
    LEFT JOIN customers c ON c.id = added.customer
    WHERE e.number IS NULL OR k.id IS NULL OR c.id IS NULL) THEN
    RAISE EXCEPTION 'a receipt belongs to an entry, a key and a customer' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER receipts_have_references AFTER INSERT ON receipts REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION demand_references_of_receipts();

CREATE TRIGGER keys_are_not_deleted BEFORE DELETE OR TRUNCATE ON keys FOR EACH STATEMENT EXECUTE FUNCTION refuse('a key is revoked, not deleted');
CREATE TRIGGER customers_are_not_deleted BEFORE DELETE OR TRUNCATE ON customers
FOR EACH STATEMENT EXECUTE FUNCTION refuse('a customer is revoked, not deleted');
