-- Requests that their clients named: hashes of name and body, and for a day the answer, encrypted by a key that isn't here.
CREATE TABLE idempotent_requests (
  customer text COLLATE "C" NOT NULL REFERENCES customers,
  name_hash bytea NOT NULL,
  endpoint text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL REFERENCES keys,
  body_hash bytea NOT NULL,
  request text COLLATE "C" NOT NULL,
  lease text COLLATE "C" NOT NULL,
  begun bigint NOT NULL,
  answer bytea,
  PRIMARY KEY (customer, name_hash, endpoint)
);
CREATE INDEX kept_answers ON idempotent_requests (begun) WHERE answer IS NOT NULL;
