-- What a key, a customer or an app may use.
CREATE TABLE limits (
  subject TEXT NOT NULL PRIMARY KEY,
  currency TEXT,
  per_day TEXT,
  per_month TEXT,
  requests_per_minute INTEGER CHECK (requests_per_minute >= 1),
  tokens_per_minute INTEGER CHECK (tokens_per_minute >= 1)
) STRICT;

-- What whoever is limited spent in a day ('2026-11-27'), a month ('2026-11') or ever, and what its requests under way hold.
CREATE TABLE budgets (
  subject TEXT NOT NULL,
  span TEXT NOT NULL,
  currency TEXT NOT NULL,
  spent TEXT NOT NULL,
  held TEXT NOT NULL,
  PRIMARY KEY (subject, span, currency)
) STRICT, WITHOUT ROWID;

-- What was let in within each of the last seconds since 1970.
CREATE TABLE rates (
  subject TEXT NOT NULL,
  second INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  PRIMARY KEY (subject, second)
) STRICT, WITHOUT ROWID;

-- The runs of hosts, each until when by this database's clock.
CREATE TABLE leases (
  id TEXT NOT NULL PRIMARY KEY,
  host TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT;

-- What requests under way may cost; subjects are separated by blanks.
CREATE TABLE reservations (
  request TEXT NOT NULL PRIMARY KEY,
  lease TEXT NOT NULL REFERENCES leases,
  max_tokens INTEGER NOT NULL,
  currency TEXT NOT NULL,
  amount TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  day TEXT NOT NULL,
  period TEXT NOT NULL,
  subjects TEXT NOT NULL
) STRICT;
CREATE INDEX reservations_by_lease ON reservations (lease);
