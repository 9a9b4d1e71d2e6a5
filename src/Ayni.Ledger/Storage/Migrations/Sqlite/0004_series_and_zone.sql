-- What there is once in a ledger.
CREATE TABLE ledger (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  zone TEXT NOT NULL,
  limits_version INTEGER NOT NULL
) STRICT;
INSERT INTO ledger (only, zone, limits_version) VALUES (1, 'UTC', 0);

-- What a meter elsewhere reports for a key is a series of its own; '' is the key's own series, by the engine of a host.
CREATE TABLE receipts_with_series (
  entry INTEGER PRIMARY KEY REFERENCES entries,
  request TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL REFERENCES keys,
  meter TEXT NOT NULL,
  number INTEGER NOT NULL,
  customer TEXT NOT NULL REFERENCES customers,
  canonical BLOB NOT NULL,
  UNIQUE (key, meter, number)
) STRICT;
INSERT INTO receipts_with_series (entry, request, key, meter, number, customer, canonical)
  SELECT entry, request, key, '', number, customer, canonical FROM receipts ORDER BY entry;
DROP TABLE receipts;
ALTER TABLE receipts_with_series RENAME TO receipts;
CREATE INDEX receipts_by_customer ON receipts (customer);

CREATE TRIGGER receipts_are_not_updated BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'a receipt never changes'); END;
CREATE TRIGGER receipts_are_not_deleted BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'a receipt never changes'); END;
