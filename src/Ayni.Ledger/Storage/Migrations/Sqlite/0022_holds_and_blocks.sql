-- What requests under way hold, together for each run of a host and each span of time: the run alone knows which request holds what. A lease
-- that was swept and begun again holds nothing of what it held before.
DROP TABLE reservations;
ALTER TABLE leases ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
CREATE TABLE holds (
  subject TEXT NOT NULL,
  span TEXT NOT NULL,
  currency TEXT NOT NULL,
  lease TEXT NOT NULL,
  held TEXT NOT NULL,
  PRIMARY KEY (subject, span, currency, lease)
) STRICT, WITHOUT ROWID;
ALTER TABLE budgets DROP COLUMN held;

-- Where each series of receipts ends.
CREATE TABLE series (
  key TEXT NOT NULL REFERENCES keys,
  meter TEXT NOT NULL,
  number INTEGER NOT NULL,
  entry INTEGER NOT NULL,
  PRIMARY KEY (key, meter)
) STRICT, WITHOUT ROWID;
INSERT INTO series (key, meter, number, entry) SELECT key, meter, max(number), max(entry) FROM receipts GROUP BY key, meter;

-- An index of receipts by key begins anew every 16,384 entries, so that all that is added at a time goes to few pages, however many keys
-- there are. A customer's receipts are those of its keys.
CREATE TABLE receipts_in_blocks (
  entry INTEGER PRIMARY KEY REFERENCES entries,
  request TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL REFERENCES keys,
  meter TEXT NOT NULL,
  number INTEGER NOT NULL,
  customer TEXT NOT NULL REFERENCES customers,
  canonical BLOB NOT NULL
) STRICT;
INSERT INTO receipts_in_blocks (entry, request, key, meter, number, customer, canonical)
  SELECT entry, request, key, meter, number, customer, canonical FROM receipts ORDER BY entry;
DROP TABLE receipts;
ALTER TABLE receipts_in_blocks RENAME TO receipts;
CREATE UNIQUE INDEX receipts_by_block ON receipts (entry >> 14, key, meter, number);
CREATE INDEX keys_by_customer ON keys (customer);
CREATE INDEX keys_by_app ON keys (app);

CREATE TRIGGER receipts_are_not_updated BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'a receipt never changes'); END;
CREATE TRIGGER receipts_are_not_deleted BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'a receipt never changes'); END;
