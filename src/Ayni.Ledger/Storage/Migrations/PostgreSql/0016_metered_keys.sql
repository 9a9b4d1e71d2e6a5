-- The customers' keys that a meter elsewhere may report for.
CREATE TABLE metered_keys (
  meter text COLLATE "C" NOT NULL REFERENCES keys,
  key text COLLATE "C" NOT NULL REFERENCES keys,
  PRIMARY KEY (meter, key)
);
