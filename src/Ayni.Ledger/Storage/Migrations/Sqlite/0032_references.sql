-- What callers call a sale or a credit note, so that it is made once: what it made, and the SHA-256 of all that was asked.
CREATE TABLE callers_references (
  action TEXT NOT NULL,
  reference TEXT NOT NULL,
  made TEXT NOT NULL,
  request BLOB NOT NULL CHECK (length(request) = 32),
  PRIMARY KEY (action, reference)
) STRICT;

CREATE TRIGGER callers_references_are_not_updated BEFORE UPDATE ON callers_references
BEGIN SELECT RAISE(ABORT, 'a reference never changes'); END;
CREATE TRIGGER callers_references_are_not_deleted BEFORE DELETE ON callers_references
BEGIN SELECT RAISE(ABORT, 'a reference never changes'); END;
