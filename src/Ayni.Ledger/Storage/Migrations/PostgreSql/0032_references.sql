-- What callers call a sale or a credit note, so that it is made once: what it made, and the SHA-256 of all that was asked.
CREATE TABLE callers_references (
  action text COLLATE "C" NOT NULL,
  reference text COLLATE "C" NOT NULL,
  made text COLLATE "C" NOT NULL,
  request bytea NOT NULL CHECK (length(request) = 32),
  PRIMARY KEY (action, reference)
);

CREATE TRIGGER callers_references_are_not_updated BEFORE UPDATE ON callers_references FOR EACH STATEMENT EXECUTE FUNCTION refuse('a reference never changes');
CREATE TRIGGER callers_references_are_not_deleted BEFORE DELETE OR TRUNCATE ON callers_references FOR EACH STATEMENT EXECUTE FUNCTION refuse('a reference never changes');
