-- Billing details say where customers are and what parties are in law; to whom a customer belongs is a fact of its own.
DROP TABLE customer_profiles;
DROP TABLE party_details;
CREATE TABLE customer_owners (
  id INTEGER PRIMARY KEY,
  customer TEXT NOT NULL REFERENCES customers,
  effective_from INTEGER NOT NULL,
  owner TEXT REFERENCES parties
) STRICT;
CREATE INDEX customer_owners_by_customer ON customer_owners (customer, effective_from, id);
CREATE TRIGGER customer_owners_are_not_updated BEFORE UPDATE ON customer_owners
BEGIN SELECT RAISE(ABORT, 'an owner is followed by another, never changed'); END;
CREATE TRIGGER customer_owners_are_not_deleted BEFORE DELETE ON customer_owners
BEGIN SELECT RAISE(ABORT, 'an owner is followed by another, never changed'); END;

-- Whether what names no app is about what came from none, rather than about all.
ALTER TABLE deductions ADD COLUMN no_app INTEGER NOT NULL DEFAULT 0 CHECK (no_app IN (0, 1));
ALTER TABLE collections ADD COLUMN no_app INTEGER NOT NULL DEFAULT 0 CHECK (no_app IN (0, 1));
