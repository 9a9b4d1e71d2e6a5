-- The log's name and its public key, and what salts that no customer's secret covers are derived from.
CREATE TABLE log_identity (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  origin TEXT NOT NULL,
  public_key BLOB NOT NULL,
  secret BLOB NOT NULL CHECK (length(secret) = 32)
) STRICT;

CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,
  certificate BLOB NOT NULL,
  certified INTEGER NOT NULL,
  retired INTEGER,
  revoked INTEGER
) STRICT;

-- The receipts of one transaction: all those from the first to the last entry.
CREATE TABLE batches (
  number INTEGER PRIMARY KEY,
  first_entry INTEGER NOT NULL,
  last_entry INTEGER NOT NULL UNIQUE,
  canonical BLOB NOT NULL,
  signing_key TEXT NOT NULL REFERENCES signing_keys,
  signature BLOB NOT NULL
) STRICT;

-- What salts of a customer's receipts are derived from; null after erasure, when their commitments are kept instead.
CREATE TABLE customer_secrets (
  customer TEXT NOT NULL PRIMARY KEY REFERENCES customers,
  secret BLOB CHECK (length(secret) = 32)
) STRICT;
CREATE TABLE erased_commitments (
  receipt TEXT NOT NULL PRIMARY KEY,
  commitment BLOB NOT NULL CHECK (length(commitment) = 32)
) STRICT, WITHOUT ROWID;

-- What a closed period commits to, and the nodes that paths are computed from.
CREATE TABLE period_records (
  period TEXT NOT NULL PRIMARY KEY,
  canonical BLOB NOT NULL,
  signing_key TEXT REFERENCES signing_keys,
  signature BLOB
) STRICT;
CREATE TABLE period_chunks (
  period TEXT NOT NULL,
  currency TEXT NOT NULL,
  kind INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  first_id TEXT NOT NULL,
  node BLOB NOT NULL,
  PRIMARY KEY (period, currency, kind, chunk)
) STRICT, WITHOUT ROWID;

-- Where each series of a key's receipts ended when a period with receipts of it was closed.
CREATE TABLE key_tails (
  key TEXT NOT NULL REFERENCES keys,
  meter TEXT NOT NULL,
  period TEXT NOT NULL,
  number INTEGER NOT NULL,
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (key, meter, period)
) STRICT, WITHOUT ROWID;

-- What the transparency log holds, in its order; its tiles are written from here.
CREATE TABLE log_entries (
  position INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  reference TEXT NOT NULL,
  last_batch INTEGER UNIQUE,
  content BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_entries_by_reference ON log_entries (kind, reference);

CREATE TRIGGER log_identity_is_not_updated BEFORE UPDATE ON log_identity
BEGIN SELECT RAISE(ABORT, 'the log keeps its name'); END;
CREATE TRIGGER log_identity_is_not_deleted BEFORE DELETE ON log_identity
BEGIN SELECT RAISE(ABORT, 'the log keeps its name'); END;
CREATE TRIGGER batches_are_not_updated BEFORE UPDATE ON batches
BEGIN SELECT RAISE(ABORT, 'a signed batch never changes'); END;
CREATE TRIGGER batches_are_not_deleted BEFORE DELETE ON batches
BEGIN SELECT RAISE(ABORT, 'a signed batch never changes'); END;
CREATE TRIGGER period_records_are_not_updated BEFORE UPDATE ON period_records
BEGIN SELECT RAISE(ABORT, 'a closed period never changes'); END;
CREATE TRIGGER period_records_are_not_deleted BEFORE DELETE ON period_records
BEGIN SELECT RAISE(ABORT, 'a closed period never changes'); END;
CREATE TRIGGER log_entries_are_not_updated BEFORE UPDATE ON log_entries
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_entries_are_not_deleted BEFORE DELETE ON log_entries
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
