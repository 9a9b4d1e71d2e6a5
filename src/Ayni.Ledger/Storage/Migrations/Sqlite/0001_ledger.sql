-- Instants are microseconds since 1970 UTC, periods 'yyyy-MM', money an exact decimal text with twelve decimals, never summed in SQL.

CREATE TABLE parties (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  created INTEGER NOT NULL,
  revoked INTEGER
) STRICT;

CREATE TABLE customers (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  currency TEXT NOT NULL,
  spending_limit TEXT,
  created INTEGER NOT NULL,
  revoked INTEGER
) STRICT;

CREATE TABLE apps (
  id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  developer TEXT NOT NULL REFERENCES parties,
  created INTEGER NOT NULL,
  revoked INTEGER
) STRICT;

CREATE TABLE keys (
  id TEXT NOT NULL PRIMARY KEY,
  customer TEXT NOT NULL REFERENCES customers,
  app TEXT REFERENCES apps,
  label TEXT NOT NULL,
  secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
  created INTEGER NOT NULL,
  revoked INTEGER
) STRICT;

CREATE TABLE prices (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  model TEXT NOT NULL,
  currency TEXT NOT NULL,
  input_per_million TEXT NOT NULL,
  cached_per_million TEXT NOT NULL,
  output_per_million TEXT NOT NULL,
  effective_from INTEGER NOT NULL
) STRICT;
CREATE INDEX prices_in_force ON prices (model, effective_from, version);

CREATE TABLE agreements (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  model TEXT,
  without_app TEXT REFERENCES parties,
  effective_from INTEGER NOT NULL
) STRICT;
CREATE INDEX agreements_in_force ON agreements (model, effective_from, version);

CREATE TABLE shares (
  agreement INTEGER NOT NULL REFERENCES agreements,
  line INTEGER NOT NULL,
  role TEXT,
  party TEXT REFERENCES parties,
  parts_per_million INTEGER NOT NULL CHECK (parts_per_million BETWEEN 1 AND 1000000),
  PRIMARY KEY (agreement, line)
) STRICT, WITHOUT ROWID;

-- A period without a row is open, unless a later one has a row: periods close in order.
CREATE TABLE periods (
  period TEXT NOT NULL PRIMARY KEY,
  status TEXT NOT NULL CHECK (status IN ('closing', 'closed')),
  closing_since INTEGER NOT NULL,
  closed INTEGER
) STRICT;

CREATE TABLE entries (
  number INTEGER PRIMARY KEY,
  recorded INTEGER NOT NULL,
  period TEXT NOT NULL,
  service_period TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('charge', 'distribution', 'payable')),
  reference TEXT NOT NULL
) STRICT;
CREATE INDEX entries_by_period ON entries (period);
-- A receipt is charged once, and a close shares out a model and pays a party once.
CREATE UNIQUE INDEX entries_by_reference ON entries (reference, kind, period);
CREATE INDEX closing_entries ON entries (period) WHERE kind <> 'charge';

-- Debits and credits are the totals of the account's postings, kept in the transaction that posts; the audit recomputes them.
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  currency TEXT NOT NULL,
  debits TEXT NOT NULL,
  credits TEXT NOT NULL,
  UNIQUE (name, currency)
) STRICT;

-- An amount is a debit if positive, a credit if negative.
CREATE TABLE postings (
  entry INTEGER NOT NULL REFERENCES entries,
  line INTEGER NOT NULL,
  account INTEGER NOT NULL REFERENCES accounts,
  amount TEXT NOT NULL,
  PRIMARY KEY (entry, line)
) STRICT, WITHOUT ROWID;

-- The receipt itself is its canonical bytes; the other columns only find it.
CREATE TABLE receipts (
  entry INTEGER PRIMARY KEY REFERENCES entries,
  request TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL REFERENCES keys,
  number INTEGER NOT NULL,
  customer TEXT NOT NULL REFERENCES customers,
  canonical BLOB NOT NULL,
  UNIQUE (key, number)
) STRICT;
CREATE INDEX receipts_by_customer ON receipts (customer);

CREATE TRIGGER entries_respect_closed_periods BEFORE INSERT ON entries
WHEN NEW.period <= (SELECT max(period) FROM periods WHERE status = 'closed' OR NEW.kind = 'charge')
BEGIN SELECT RAISE(ROLLBACK, 'a closed period takes no entries'); END;

CREATE TRIGGER periods_only_close BEFORE UPDATE ON periods
WHEN OLD.status = 'closed' OR NEW.period <> OLD.period
BEGIN SELECT RAISE(ABORT, 'a closed period never changes'); END;
CREATE TRIGGER periods_stay BEFORE DELETE ON periods
BEGIN SELECT RAISE(ABORT, 'a closed period never changes'); END;

CREATE TRIGGER entries_are_not_updated BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER postings_are_not_updated BEFORE UPDATE ON postings
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER postings_are_not_deleted BEFORE DELETE ON postings
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER receipts_are_not_updated BEFORE UPDATE ON receipts
BEGIN SELECT RAISE(ABORT, 'a receipt never changes'); END;
CREATE TRIGGER receipts_are_not_deleted BEFORE DELETE ON receipts
BEGIN SELECT RAISE(ABORT, 'a receipt never changes'); END;
CREATE TRIGGER prices_are_not_updated BEFORE UPDATE ON prices
BEGIN SELECT RAISE(ABORT, 'a price version never changes'); END;
CREATE TRIGGER prices_are_not_deleted BEFORE DELETE ON prices
BEGIN SELECT RAISE(ABORT, 'a price version never changes'); END;
CREATE TRIGGER agreements_are_not_updated BEFORE UPDATE ON agreements
BEGIN SELECT RAISE(ABORT, 'an agreement version never changes'); END;
CREATE TRIGGER agreements_are_not_deleted BEFORE DELETE ON agreements
BEGIN SELECT RAISE(ABORT, 'an agreement version never changes'); END;
CREATE TRIGGER shares_are_not_updated BEFORE UPDATE ON shares
BEGIN SELECT RAISE(ABORT, 'an agreement version never changes'); END;
CREATE TRIGGER shares_are_not_deleted BEFORE DELETE ON shares
BEGIN SELECT RAISE(ABORT, 'an agreement version never changes'); END;
CREATE TRIGGER accounts_are_not_deleted BEFORE DELETE ON accounts
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
