-- Where somebody is told what happens to it; the operator's own have no subject. The secret signs, so it has to be kept as it is.
CREATE TABLE webhooks (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  subject text COLLATE "C",
  url text COLLATE "C" NOT NULL,
  secret text COLLATE "C" NOT NULL,
  created bigint NOT NULL,
  revoked bigint
);
CREATE INDEX webhooks_of_subject ON webhooks (subject);

-- What happened, in the transaction in which it happened, for each endpoint that is told of it.
CREATE TABLE webhook_events (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  type text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  created bigint NOT NULL,
  body text COLLATE "C" NOT NULL
);
CREATE TABLE webhook_deliveries (
  event text COLLATE "C" NOT NULL REFERENCES webhook_events,
  webhook text COLLATE "C" NOT NULL REFERENCES webhooks,
  attempts bigint NOT NULL,
  next_attempt bigint,
  delivered bigint,
  last_result text COLLATE "C",
  PRIMARY KEY (event, webhook)
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_attempt) WHERE next_attempt IS NOT NULL;

CREATE TRIGGER webhook_events_are_not_updated BEFORE UPDATE ON webhook_events FOR EACH STATEMENT EXECUTE FUNCTION refuse('an event never changes');
CREATE TRIGGER webhook_events_are_not_deleted BEFORE DELETE OR TRUNCATE ON webhook_events FOR EACH STATEMENT EXECUTE FUNCTION refuse('an event never changes');
