-- The log's name and its public key, and what salts that no customer's secret covers are derived from.
CREATE TABLE log_identity (
  id bigint NOT NULL PRIMARY KEY CHECK (id = 1),
  origin text COLLATE "C" NOT NULL,
  public_key bytea NOT NULL,
  secret bytea NOT NULL CHECK (length(secret) = 32)
);

CREATE TABLE signing_keys (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  certificate bytea NOT NULL,
  certified bigint NOT NULL,
  retired bigint,
  revoked bigint
);

-- The receipts of one transaction: all those from the first to the last entry.
CREATE TABLE batches (
  number bigint PRIMARY KEY,
  first_entry bigint NOT NULL,
  last_entry bigint NOT NULL UNIQUE,
  canonical bytea NOT NULL,
  signing_key text COLLATE "C" NOT NULL REFERENCES signing_keys,
  signature bytea NOT NULL
);

-- What salts of a customer's receipts are derived from; null after erasure, when their commitments are kept instead.
CREATE TABLE customer_secrets (
  customer text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES customers,
  secret bytea CHECK (length(secret) = 32)
);
CREATE TABLE erased_commitments (
  receipt text COLLATE "C" NOT NULL PRIMARY KEY,
  commitment bytea NOT NULL CHECK (length(commitment) = 32)
);

-- What a closed period commits to, and the nodes that paths are computed from.
CREATE TABLE period_records (
  period text COLLATE "C" NOT NULL PRIMARY KEY,
  canonical bytea NOT NULL,
  signing_key text COLLATE "C" REFERENCES signing_keys,
  signature bytea
);
CREATE TABLE period_chunks (
  period text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  kind bigint NOT NULL,
  chunk bigint NOT NULL,
  first_id text COLLATE "C" NOT NULL,
  node bytea NOT NULL,
  PRIMARY KEY (period, currency, kind, chunk)
);

-- Where each series of a key's receipts ended when a period with receipts of it was closed.
CREATE TABLE key_tails (
  key text COLLATE "C" NOT NULL REFERENCES keys,
  meter text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  number bigint NOT NULL,
  hash bytea NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (key, meter, period)
);

-- What the transparency log holds, in its order; its tiles are written from here.
CREATE TABLE log_entries (
  position bigint PRIMARY KEY,
  kind text COLLATE "C" NOT NULL,
  reference text COLLATE "C" NOT NULL,
  last_batch bigint UNIQUE,
  content bytea NOT NULL
);
CREATE UNIQUE INDEX log_entries_by_reference ON log_entries (kind, reference);

CREATE TRIGGER log_identity_is_not_updated BEFORE UPDATE ON log_identity FOR EACH STATEMENT EXECUTE FUNCTION refuse('the log keeps its name');
CREATE TRIGGER log_identity_is_not_deleted BEFORE DELETE OR TRUNCATE ON log_identity FOR EACH STATEMENT EXECUTE FUNCTION refuse('the log keeps its name');
CREATE TRIGGER batches_are_not_updated BEFORE UPDATE ON batches FOR EACH STATEMENT EXECUTE FUNCTION refuse('a signed batch never changes');
CREATE TRIGGER batches_are_not_deleted BEFORE DELETE OR TRUNCATE ON batches FOR EACH STATEMENT EXECUTE FUNCTION refuse('a signed batch never changes');
CREATE TRIGGER period_records_are_not_updated BEFORE UPDATE ON period_records FOR EACH STATEMENT EXECUTE FUNCTION refuse('a closed period never changes');
CREATE TRIGGER period_records_are_not_deleted BEFORE DELETE OR TRUNCATE ON period_records FOR EACH STATEMENT EXECUTE FUNCTION refuse('a closed period never changes');
CREATE TRIGGER log_entries_are_not_updated BEFORE UPDATE ON log_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse('the log is append-only');
CREATE TRIGGER log_entries_are_not_deleted BEFORE DELETE OR TRUNCATE ON log_entries FOR EACH STATEMENT EXECUTE FUNCTION refuse('the log is append-only');
