-- What there is once in a ledger.
CREATE TABLE ledger (
  "only" bigint PRIMARY KEY CHECK ("only" = 1),
  zone text COLLATE "C" NOT NULL,
  limits_version bigint NOT NULL
);
INSERT INTO ledger ("only", zone, limits_version) VALUES (1, 'UTC', 0);

-- What a meter elsewhere reports for a key is a series of its own; '' is the key's own series, by the engine of a host.
ALTER TABLE receipts ADD COLUMN meter text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE receipts ALTER COLUMN meter DROP DEFAULT;
ALTER TABLE receipts DROP CONSTRAINT receipts_key_number_key;
ALTER TABLE receipts ADD UNIQUE (key, meter, number);
