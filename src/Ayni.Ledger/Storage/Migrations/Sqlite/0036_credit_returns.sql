-- The kind of entries that give back credits. SQLite knows no other way to widen a CHECK without copying the table.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (kind IN (', 'CHECK (kind IN (''credit_return'', ')
WHERE type = 'table' AND name = 'entries';
PRAGMA writable_schema = RESET;

-- What was given back of credits sold in a month that was open: it lessens that month's invoice.
CREATE TABLE credit_returns (
  id TEXT NOT NULL PRIMARY KEY,
  credit TEXT NOT NULL REFERENCES credits,
  amount TEXT NOT NULL,
  reason TEXT NOT NULL,
  entry INTEGER NOT NULL REFERENCES entries
) STRICT;
CREATE INDEX credit_returns_of_credit ON credit_returns (credit);

CREATE TRIGGER credit_returns_are_not_updated BEFORE UPDATE ON credit_returns
BEGIN SELECT RAISE(ABORT, 'a return of a credit never changes'); END;
CREATE TRIGGER credit_returns_are_not_deleted BEFORE DELETE ON credit_returns
BEGIN SELECT RAISE(ABORT, 'a return of a credit never changes'); END;
