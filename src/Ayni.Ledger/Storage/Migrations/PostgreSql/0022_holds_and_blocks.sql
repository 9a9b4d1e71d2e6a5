-- What requests under way hold, together for each run of a host and each span of time: the run alone knows which request holds what. A lease
-- that was swept and begun again holds nothing of what it held before.
DROP TABLE reservations;
ALTER TABLE leases ADD COLUMN since bigint NOT NULL DEFAULT 0;
CREATE TABLE holds (
  subject text COLLATE "C" NOT NULL,
  span text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  lease text COLLATE "C" NOT NULL,
  held numeric(38,12) NOT NULL,
  PRIMARY KEY (subject, span, currency, lease)
);
ALTER TABLE budgets DROP COLUMN held;

-- Where each series of receipts ends.
CREATE TABLE series (
  key text COLLATE "C" NOT NULL REFERENCES keys,
  meter text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  entry bigint NOT NULL,
  PRIMARY KEY (key, meter)
);
INSERT INTO series (key, meter, number, entry) SELECT key, meter, max(number), max(entry) FROM receipts GROUP BY key, meter;

-- An index of receipts by key begins anew every 16,384 entries, so that all that is added at a time goes to few pages, however many keys
-- there are. A customer's receipts are those of its keys.
ALTER TABLE receipts DROP CONSTRAINT receipts_key_meter_number_key;
DROP INDEX receipts_by_customer;
CREATE UNIQUE INDEX receipts_by_block ON receipts ((entry >> 14), key, meter, number);
CREATE INDEX keys_by_customer ON keys (customer);
CREATE INDEX keys_by_app ON keys (app);
DROP INDEX entries_by_period;
CREATE INDEX entries_by_period ON entries (period, number);

-- Rows that every commit replaces find room beside themselves, and no index changes.
ALTER TABLE accounts SET (fillfactor = 50);
ALTER TABLE budgets SET (fillfactor = 50);
ALTER TABLE holds SET (fillfactor = 50);
ALTER TABLE series SET (fillfactor = 50);
