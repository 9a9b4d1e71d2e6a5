-- The customers' keys that a meter elsewhere may report for.
CREATE TABLE metered_keys (
  meter TEXT NOT NULL REFERENCES keys,
  key TEXT NOT NULL REFERENCES keys,
  PRIMARY KEY (meter, key)
) STRICT, WITHOUT ROWID;
