-- Where somebody is told what happens to it; the operator's own have no subject. The secret signs, so it has to be kept as it is.
CREATE TABLE webhooks (
  id TEXT NOT NULL PRIMARY KEY,
  subject TEXT,
  url TEXT NOT NULL,
  secret TEXT NOT NULL,
  created INTEGER NOT NULL,
  revoked INTEGER
) STRICT;
CREATE INDEX webhooks_of_subject ON webhooks (subject);

-- What happened, in the transaction in which it happened, for each endpoint that is told of it.
CREATE TABLE webhook_events (
  id TEXT NOT NULL PRIMARY KEY,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  created INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE TABLE webhook_deliveries (
  event TEXT NOT NULL REFERENCES webhook_events,
  webhook TEXT NOT NULL REFERENCES webhooks,
  attempts INTEGER NOT NULL,
  next_attempt INTEGER,
  delivered INTEGER,
  last_result TEXT,
  PRIMARY KEY (event, webhook)
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt) WHERE next_attempt IS NOT NULL;

CREATE TRIGGER webhook_events_are_not_updated BEFORE UPDATE ON webhook_events
BEGIN SELECT RAISE(ABORT, 'an event never changes'); END;
CREATE TRIGGER webhook_events_are_not_deleted BEFORE DELETE ON webhook_events
BEGIN SELECT RAISE(ABORT, 'an event never changes'); END;
