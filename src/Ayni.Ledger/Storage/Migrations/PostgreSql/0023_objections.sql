-- What parties and customers dispute, and what was said since. Both only ever grow.
CREATE TABLE objections (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  subject text COLLATE "C" NOT NULL,
  reference text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  raised_by text COLLATE "C" NOT NULL,
  raised bigint NOT NULL
);
CREATE INDEX objections_by_time ON objections (raised, id);
CREATE TABLE objection_steps (
  objection text COLLATE "C" NOT NULL REFERENCES objections,
  number bigint NOT NULL,
  state text COLLATE "C" NOT NULL,
  recorded bigint NOT NULL,
  author text COLLATE "C" NOT NULL,
  says text COLLATE "C" NOT NULL,
  correction text COLLATE "C",
  PRIMARY KEY (objection, number)
);

CREATE TRIGGER objections_are_not_updated BEFORE UPDATE ON objections FOR EACH STATEMENT EXECUTE FUNCTION refuse('an objection is answered, never changed');
CREATE TRIGGER objections_are_not_deleted BEFORE DELETE OR TRUNCATE ON objections FOR EACH STATEMENT EXECUTE FUNCTION refuse('an objection is answered, never deleted');
CREATE TRIGGER objection_steps_are_not_updated BEFORE UPDATE ON objection_steps FOR EACH STATEMENT EXECUTE FUNCTION refuse('an objection is answered, never changed');
CREATE TRIGGER objection_steps_are_not_deleted BEFORE DELETE OR TRUNCATE ON objection_steps FOR EACH STATEMENT EXECUTE FUNCTION refuse('an objection is answered, never deleted');
