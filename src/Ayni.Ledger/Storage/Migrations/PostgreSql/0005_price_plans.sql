-- A version's whole plan as canonical JSON; null in versions older than plans, which are three flat rates. A named plan is its subscribers'.
ALTER TABLE prices ADD COLUMN name text COLLATE "C";
ALTER TABLE prices ADD COLUMN plan text COLLATE "C";

-- What customers have used in a month under plans whose charges depend on it: a model's, or a named plan's.
CREATE TABLE month_use (
  customer text COLLATE "C" NOT NULL REFERENCES customers,
  scope text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  requests bigint NOT NULL,
  input bigint NOT NULL,
  cached bigint NOT NULL,
  output bigint NOT NULL,
  PRIMARY KEY (customer, scope, period)
);
