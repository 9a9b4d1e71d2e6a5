-- Whom parties, and entities that pay, have as their contacts.
CREATE TABLE contacts (
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  language TEXT NOT NULL,
  recorded INTEGER NOT NULL,
  PRIMARY KEY (subject, version)
) STRICT, WITHOUT ROWID;

-- What contacts are told, and when finance sent it.
CREATE TABLE notices (
  number INTEGER NOT NULL PRIMARY KEY,
  subject TEXT NOT NULL,
  to_name TEXT NOT NULL,
  to_email TEXT,
  language TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE notices_sent (
  notice INTEGER NOT NULL PRIMARY KEY REFERENCES notices,
  sent INTEGER NOT NULL,
  by_whom TEXT NOT NULL,
  how TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER contacts_are_not_updated BEFORE UPDATE ON contacts
BEGIN SELECT RAISE(ABORT, 'a version of a contact never changes'); END;
CREATE TRIGGER contacts_are_not_deleted BEFORE DELETE ON contacts
BEGIN SELECT RAISE(ABORT, 'a version of a contact never changes'); END;
CREATE TRIGGER notices_are_not_updated BEFORE UPDATE ON notices
BEGIN SELECT RAISE(ABORT, 'a notice never changes'); END;
CREATE TRIGGER notices_are_not_deleted BEFORE DELETE ON notices
BEGIN SELECT RAISE(ABORT, 'a notice never changes'); END;
CREATE TRIGGER notices_sent_are_not_updated BEFORE UPDATE ON notices_sent
BEGIN SELECT RAISE(ABORT, 'what was sent stays sent'); END;
CREATE TRIGGER notices_sent_are_not_deleted BEFORE DELETE ON notices_sent
BEGIN SELECT RAISE(ABORT, 'what was sent stays sent'); END;
