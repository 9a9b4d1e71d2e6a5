-- Whether what moves money or sets its terms needs a second key.
ALTER TABLE ledger ADD COLUMN four_eyes bigint NOT NULL DEFAULT 0 CHECK (four_eyes IN (0, 1));

-- What somebody wants to do and another has to approve. The terms say all of it, in words; done is done once.
CREATE TABLE proposals (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  number bigint NOT NULL UNIQUE,
  action text COLLATE "C" NOT NULL,
  terms text COLLATE "C" NOT NULL,
  proposed_by text COLLATE "C" NOT NULL,
  proposed bigint NOT NULL,
  expires bigint NOT NULL
);
CREATE INDEX proposals_by_action ON proposals (action, number);
CREATE TABLE decisions (
  proposal text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES proposals,
  decided_by text COLLATE "C" NOT NULL,
  decided bigint NOT NULL,
  approved bigint NOT NULL CHECK (approved IN (0, 1))
);
CREATE TABLE proposals_done (
  proposal text COLLATE "C" NOT NULL PRIMARY KEY REFERENCES proposals,
  done bigint NOT NULL
);

-- Where a party, or an entity that pays, has its account. Versions are only ever added; payouts wait until the last one's hold is over.
CREATE TABLE bank_details (
  subject text COLLATE "C" NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  holder text COLLATE "C" NOT NULL,
  iban text COLLATE "C" NOT NULL,
  bic text COLLATE "C",
  recorded bigint NOT NULL,
  held_until bigint NOT NULL,
  PRIMARY KEY (subject, version)
);

-- An order to the bank. The payouts' ids are the bank's end-to-end ids.
CREATE TABLE payout_batches (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  entity text COLLATE "C" NOT NULL REFERENCES entities,
  entity_bank bigint NOT NULL,
  currency text COLLATE "C" NOT NULL,
  execution_date text COLLATE "C" NOT NULL,
  created bigint NOT NULL
);
CREATE TABLE payouts (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  batch text COLLATE "C" NOT NULL REFERENCES payout_batches,
  party text COLLATE "C" NOT NULL REFERENCES parties,
  party_bank bigint NOT NULL,
  currency text COLLATE "C" NOT NULL,
  amount numeric(38,12) NOT NULL,
  entry bigint NOT NULL REFERENCES entries
);
CREATE INDEX payouts_by_batch ON payouts (batch);
CREATE INDEX payouts_by_party ON payouts (party);

-- A document is paid once; again only after the bank returned the attempt before.
CREATE TABLE payout_items (
  payout text COLLATE "C" NOT NULL REFERENCES payouts,
  invoice text COLLATE "C" NOT NULL REFERENCES invoices,
  attempt bigint NOT NULL,
  PRIMARY KEY (payout, invoice),
  UNIQUE (invoice, attempt)
);

-- What the bank said of a payout: each thing once.
CREATE TABLE payout_events (
  payout text COLLATE "C" NOT NULL REFERENCES payouts,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('paid', 'returned')),
  bank_reference text COLLATE "C" NOT NULL,
  value_date text COLLATE "C" NOT NULL,
  reason text COLLATE "C",
  recorded bigint NOT NULL,
  entry bigint NOT NULL REFERENCES entries,
  PRIMARY KEY (payout, kind)
);

CREATE TRIGGER proposals_are_not_updated BEFORE UPDATE ON proposals FOR EACH STATEMENT EXECUTE FUNCTION refuse('a proposal never changes');
CREATE TRIGGER proposals_are_not_deleted BEFORE DELETE OR TRUNCATE ON proposals FOR EACH STATEMENT EXECUTE FUNCTION refuse('a proposal never changes');
CREATE TRIGGER decisions_are_not_updated BEFORE UPDATE ON decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse('a decision never changes');
CREATE TRIGGER decisions_are_not_deleted BEFORE DELETE OR TRUNCATE ON decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse('a decision never changes');
CREATE TRIGGER proposals_done_are_not_updated BEFORE UPDATE ON proposals_done FOR EACH STATEMENT EXECUTE FUNCTION refuse('what is done is done once');
CREATE TRIGGER proposals_done_are_not_deleted BEFORE DELETE OR TRUNCATE ON proposals_done FOR EACH STATEMENT EXECUTE FUNCTION refuse('what is done is done once');
CREATE TRIGGER bank_details_are_not_updated BEFORE UPDATE ON bank_details FOR EACH STATEMENT EXECUTE FUNCTION refuse('a version of bank details never changes');
CREATE TRIGGER bank_details_are_not_deleted BEFORE DELETE OR TRUNCATE ON bank_details FOR EACH STATEMENT EXECUTE FUNCTION refuse('a version of bank details never changes');
CREATE TRIGGER payout_batches_are_not_updated BEFORE UPDATE ON payout_batches FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payout never changes');
CREATE TRIGGER payout_batches_are_not_deleted BEFORE DELETE OR TRUNCATE ON payout_batches FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payout never changes');
CREATE TRIGGER payouts_are_not_updated BEFORE UPDATE ON payouts FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payout never changes');
CREATE TRIGGER payouts_are_not_deleted BEFORE DELETE OR TRUNCATE ON payouts FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payout never changes');
CREATE TRIGGER payout_items_are_not_updated BEFORE UPDATE ON payout_items FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payout never changes');
CREATE TRIGGER payout_items_are_not_deleted BEFORE DELETE OR TRUNCATE ON payout_items FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payout never changes');
CREATE TRIGGER payout_events_are_not_updated BEFORE UPDATE ON payout_events FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payout never changes');
CREATE TRIGGER payout_events_are_not_deleted BEFORE DELETE OR TRUNCATE ON payout_events FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payout never changes');
