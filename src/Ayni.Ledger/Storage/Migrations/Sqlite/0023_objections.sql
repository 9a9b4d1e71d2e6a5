-- What parties and customers dispute, and what was said since. Both only ever grow.
CREATE TABLE objections (
  id TEXT NOT NULL PRIMARY KEY,
  subject TEXT NOT NULL,
  reference TEXT NOT NULL,
  period TEXT NOT NULL,
  raised_by TEXT NOT NULL,
  raised INTEGER NOT NULL
) STRICT;
CREATE INDEX objections_by_time ON objections (raised, id);
CREATE TABLE objection_steps (
  objection TEXT NOT NULL REFERENCES objections,
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  recorded INTEGER NOT NULL,
  author TEXT NOT NULL,
  says TEXT NOT NULL,
  correction TEXT,
  PRIMARY KEY (objection, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER objections_are_not_updated BEFORE UPDATE ON objections
BEGIN SELECT RAISE(ABORT, 'an objection is answered, never changed'); END;
CREATE TRIGGER objections_are_not_deleted BEFORE DELETE ON objections
BEGIN SELECT RAISE(ABORT, 'an objection is answered, never deleted'); END;
CREATE TRIGGER objection_steps_are_not_updated BEFORE UPDATE ON objection_steps
BEGIN SELECT RAISE(ABORT, 'an objection is answered, never changed'); END;
CREATE TRIGGER objection_steps_are_not_deleted BEFORE DELETE ON objection_steps
BEGIN SELECT RAISE(ABORT, 'an objection is answered, never deleted'); END;
