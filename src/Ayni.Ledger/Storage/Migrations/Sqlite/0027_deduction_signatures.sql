-- The keys by which customers sign deductions: one in force for each customer. An endorsement is the signature of the key before.
CREATE TABLE customer_keys (
  id TEXT NOT NULL PRIMARY KEY,
  customer TEXT NOT NULL REFERENCES customers,
  public_key BLOB NOT NULL CHECK (length(public_key) = 32),
  registered INTEGER NOT NULL,
  endorsement BLOB CHECK (length(endorsement) = 64),
  revoked INTEGER
) STRICT;
CREATE UNIQUE INDEX customer_keys_in_force ON customer_keys (customer) WHERE revoked IS NULL;

-- A customer's signature under a deduction, in base64, with its key as a verifier key.
ALTER TABLE deductions ADD COLUMN customer TEXT REFERENCES customers;
ALTER TABLE deductions ADD COLUMN key TEXT;
ALTER TABLE deductions ADD COLUMN signature TEXT;

CREATE TRIGGER customer_keys_are_not_deleted BEFORE DELETE ON customer_keys
BEGIN SELECT RAISE(ABORT, 'a key is revoked, never deleted'); END;
