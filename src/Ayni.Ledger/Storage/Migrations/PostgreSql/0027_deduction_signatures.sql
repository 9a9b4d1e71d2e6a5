-- The keys by which customers sign deductions: one in force for each customer. An endorsement is the signature of the key before.
CREATE TABLE customer_keys (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  customer text COLLATE "C" NOT NULL REFERENCES customers,
  public_key bytea NOT NULL CHECK (length(public_key) = 32),
  registered bigint NOT NULL,
  endorsement bytea CHECK (length(endorsement) = 64),
  revoked bigint
);
CREATE UNIQUE INDEX customer_keys_in_force ON customer_keys (customer) WHERE revoked IS NULL;

-- A customer's signature under a deduction, in base64, with its key as a verifier key.
ALTER TABLE deductions ADD COLUMN customer text COLLATE "C" REFERENCES customers;
ALTER TABLE deductions ADD COLUMN key text COLLATE "C";
ALTER TABLE deductions ADD COLUMN signature text COLLATE "C";

CREATE TRIGGER customer_keys_are_not_deleted BEFORE DELETE OR TRUNCATE ON customer_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse('a key is revoked, never deleted');
