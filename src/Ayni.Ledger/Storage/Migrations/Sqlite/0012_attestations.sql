-- What an operator states about itself, such as how many users it had before a model's release. The last one about a subject holds.
CREATE TABLE attestations (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  subject TEXT NOT NULL,
  affirmed INTEGER NOT NULL CHECK (affirmed IN (0, 1)),
  statement TEXT NOT NULL
) STRICT;
CREATE INDEX attestations_by_subject ON attestations (subject, number);

CREATE TRIGGER attestations_are_not_updated BEFORE UPDATE ON attestations
BEGIN SELECT RAISE(ABORT, 'an attestation never changes'); END;
CREATE TRIGGER attestations_are_not_deleted BEFORE DELETE ON attestations
BEGIN SELECT RAISE(ABORT, 'an attestation never changes'); END;

-- How many users a month had, about: a HyperLogLog sketch of keyed hashes. The key goes when the month is over.
CREATE TABLE user_counts (
  period TEXT NOT NULL PRIMARY KEY,
  secret BLOB CHECK (length(secret) = 32),
  registers BLOB NOT NULL
) STRICT;
