-- A version's whole plan as canonical JSON; null in versions older than plans, which are three flat rates. A named plan is its subscribers'.
ALTER TABLE prices ADD COLUMN name TEXT;
ALTER TABLE prices ADD COLUMN plan TEXT;

-- What customers have used in a month under plans whose charges depend on it: a model's, or a named plan's.
CREATE TABLE month_use (
  customer TEXT NOT NULL REFERENCES customers,
  scope TEXT NOT NULL,
  period TEXT NOT NULL,
  requests INTEGER NOT NULL,
  input INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  output INTEGER NOT NULL,
  PRIMARY KEY (customer, scope, period)
) STRICT, WITHOUT ROWID;
