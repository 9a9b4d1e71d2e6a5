-- Whom parties, and entities that pay, have as their contacts.
CREATE TABLE contacts (
  subject text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  email text COLLATE "C" NOT NULL,
  language text COLLATE "C" NOT NULL,
  recorded bigint NOT NULL,
  PRIMARY KEY (subject, version)
);

-- What contacts are told, and when finance sent it.
CREATE TABLE notices (
  number bigint NOT NULL PRIMARY KEY,
  subject text COLLATE "C" NOT NULL,
  to_name text COLLATE "C" NOT NULL,
  to_email text COLLATE "C",
  language text COLLATE "C" NOT NULL,
  title text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL,
  created bigint NOT NULL
);
CREATE TABLE notices_sent (
  notice bigint NOT NULL PRIMARY KEY REFERENCES notices,
  sent bigint NOT NULL,
  by_whom text COLLATE "C" NOT NULL,
  how text COLLATE "C" NOT NULL
);

CREATE TRIGGER contacts_are_not_updated BEFORE UPDATE ON contacts FOR EACH STATEMENT EXECUTE FUNCTION refuse('a version of a contact never changes');
CREATE TRIGGER contacts_are_not_deleted BEFORE DELETE OR TRUNCATE ON contacts FOR EACH STATEMENT EXECUTE FUNCTION refuse('a version of a contact never changes');
CREATE TRIGGER notices_are_not_updated BEFORE UPDATE ON notices FOR EACH STATEMENT EXECUTE FUNCTION refuse('a notice never changes');
CREATE TRIGGER notices_are_not_deleted BEFORE DELETE OR TRUNCATE ON notices FOR EACH STATEMENT EXECUTE FUNCTION refuse('a notice never changes');
CREATE TRIGGER notices_sent_are_not_updated BEFORE UPDATE ON notices_sent FOR EACH STATEMENT EXECUTE FUNCTION refuse('what was sent stays sent');
CREATE TRIGGER notices_sent_are_not_deleted BEFORE DELETE OR TRUNCATE ON notices_sent FOR EACH STATEMENT EXECUTE FUNCTION refuse('what was sent stays sent');
