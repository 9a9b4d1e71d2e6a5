-- What operators changed. The digests are of JSON views: they prove what was there without keeping it.
CREATE TABLE actions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  before_digest BLOB CHECK (length(before_digest) = 32),
  after_digest BLOB CHECK (length(after_digest) = 32)
) STRICT;
CREATE INDEX actions_by_subject ON actions (subject, number);

CREATE TRIGGER actions_are_not_updated BEFORE UPDATE ON actions
BEGIN SELECT RAISE(ABORT, 'the log of actions is append-only'); END;
CREATE TRIGGER actions_are_not_deleted BEFORE DELETE ON actions
BEGIN SELECT RAISE(ABORT, 'the log of actions is append-only'); END;
