-- The kinds of entries of currencies. SQLite knows no other way to widen a CHECK without copying the table.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''credit_use''))', '''credit_use'', ''conversion'', ''exchange''))')
WHERE type = 'table' AND name = 'entries';
PRAGMA writable_schema = RESET;

-- What one unit of a price's currency is in a customer's.
CREATE TABLE exchange_rates (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  from_currency TEXT NOT NULL,
  to_currency TEXT NOT NULL CHECK (to_currency <> from_currency),
  per_unit TEXT NOT NULL,
  source TEXT NOT NULL,
  effective_from INTEGER NOT NULL,
  recorded INTEGER NOT NULL
) STRICT;
CREATE INDEX exchange_rates_in_force ON exchange_rates (from_currency, to_currency, effective_from, version);

-- What closes converted, each once.
CREATE TABLE conversions (
  customer TEXT NOT NULL REFERENCES customers,
  period TEXT NOT NULL,
  from_currency TEXT NOT NULL,
  to_currency TEXT NOT NULL,
  owed TEXT NOT NULL,
  converted TEXT NOT NULL,
  rate INTEGER NOT NULL REFERENCES exchange_rates,
  entry INTEGER NOT NULL REFERENCES entries,
  PRIMARY KEY (customer, period, from_currency)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversions_by_period ON conversions (period);

-- What banks exchanged of customers' currency.
CREATE TABLE bank_exchanges (
  evidence TEXT NOT NULL PRIMARY KEY,
  period TEXT NOT NULL,
  sold_currency TEXT NOT NULL,
  sold TEXT NOT NULL,
  bought_currency TEXT NOT NULL,
  bought TEXT NOT NULL,
  gain TEXT NOT NULL,
  entry INTEGER NOT NULL REFERENCES entries
) STRICT;

CREATE TRIGGER exchange_rates_are_not_updated BEFORE UPDATE ON exchange_rates
BEGIN SELECT RAISE(ABORT, 'a rate never changes'); END;
CREATE TRIGGER exchange_rates_are_not_deleted BEFORE DELETE ON exchange_rates
BEGIN SELECT RAISE(ABORT, 'a rate never changes'); END;
CREATE TRIGGER conversions_are_not_updated BEFORE UPDATE ON conversions
BEGIN SELECT RAISE(ABORT, 'a conversion never changes'); END;
CREATE TRIGGER conversions_are_not_deleted BEFORE DELETE ON conversions
BEGIN SELECT RAISE(ABORT, 'a conversion never changes'); END;
CREATE TRIGGER bank_exchanges_are_not_updated BEFORE UPDATE ON bank_exchanges
BEGIN SELECT RAISE(ABORT, 'an exchange never changes'); END;
CREATE TRIGGER bank_exchanges_are_not_deleted BEFORE DELETE ON bank_exchanges
BEGIN SELECT RAISE(ABORT, 'an exchange never changes'); END;
