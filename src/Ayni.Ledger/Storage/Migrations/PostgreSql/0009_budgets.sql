-- What a key, a customer or an app may use.
CREATE TABLE limits (
  subject text COLLATE "C" NOT NULL PRIMARY KEY,
  currency text COLLATE "C",
  per_day numeric(38,12),
  per_month numeric(38,12),
  requests_per_minute bigint CHECK (requests_per_minute >= 1),
  tokens_per_minute bigint CHECK (tokens_per_minute >= 1)
);

-- What whoever is limited spent in a day ('2026-11-27'), a month ('2026-11') or ever, and what its requests under way hold.
CREATE TABLE budgets (
  subject text COLLATE "C" NOT NULL,
  span text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  spent numeric(38,12) NOT NULL,
  held numeric(38,12) NOT NULL,
  PRIMARY KEY (subject, span, currency)
);

-- What was let in within each of the last seconds since 1970.
CREATE TABLE rates (
  subject text COLLATE "C" NOT NULL,
  second bigint NOT NULL,
  requests bigint NOT NULL,
  tokens bigint NOT NULL,
  PRIMARY KEY (subject, second)
);

-- The runs of hosts, each until when by this database's clock.
CREATE TABLE leases (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  host text COLLATE "C" NOT NULL,
  until bigint NOT NULL
);

-- What requests under way may cost; subjects are separated by blanks.
CREATE TABLE reservations (
  request text COLLATE "C" NOT NULL PRIMARY KEY,
  lease text COLLATE "C" NOT NULL REFERENCES leases,
  max_tokens bigint NOT NULL,
  currency text COLLATE "C" NOT NULL,
  amount numeric(38,12) NOT NULL,
  tokens bigint NOT NULL,
  reserved bigint NOT NULL,
  day text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  subjects text COLLATE "C" NOT NULL
);
CREATE INDEX reservations_by_lease ON reservations (lease);
