-- Requests that their clients named: hashes of name and body, and for a day the answer, encrypted by a key that isn't here.
CREATE TABLE idempotent_requests (
  customer TEXT NOT NULL REFERENCES customers,
  name_hash BLOB NOT NULL,
  endpoint TEXT NOT NULL,
  key TEXT NOT NULL REFERENCES keys,
  body_hash BLOB NOT NULL,
  request TEXT NOT NULL,
  lease TEXT NOT NULL,
  begun INTEGER NOT NULL,
  answer BLOB,
  PRIMARY KEY (customer, name_hash, endpoint)
) STRICT;
CREATE INDEX kept_answers ON idempotent_requests (begun) WHERE answer IS NOT NULL;
