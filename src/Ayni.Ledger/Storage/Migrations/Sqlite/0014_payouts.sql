-- Whether what moves money or sets its terms needs a second key.
ALTER TABLE ledger ADD COLUMN four_eyes INTEGER NOT NULL DEFAULT 0 CHECK (four_eyes IN (0, 1));

-- What somebody wants to do and another has to approve. The terms say all of it, in words; done is done once.
CREATE TABLE proposals (
  id TEXT NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  action TEXT NOT NULL,
  terms TEXT NOT NULL,
  proposed_by TEXT NOT NULL,
  proposed INTEGER NOT NULL,
  expires INTEGER NOT NULL
) STRICT;
CREATE INDEX proposals_by_action ON proposals (action, number);
CREATE TABLE decisions (
  proposal TEXT NOT NULL PRIMARY KEY REFERENCES proposals,
  decided_by TEXT NOT NULL,
  decided INTEGER NOT NULL,
  approved INTEGER NOT NULL CHECK (approved IN (0, 1))
) STRICT;
CREATE TABLE proposals_done (
  proposal TEXT NOT NULL PRIMARY KEY REFERENCES proposals,
  done INTEGER NOT NULL
) STRICT;

-- Where a party, or an entity that pays, has its account. Versions are only ever added; payouts wait until the last one's hold is over.
CREATE TABLE bank_details (
  subject TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  holder TEXT NOT NULL,
  iban TEXT NOT NULL,
  bic TEXT,
  recorded INTEGER NOT NULL,
  held_until INTEGER NOT NULL,
  PRIMARY KEY (subject, version)
) STRICT;

-- An order to the bank. The payouts' ids are the bank's end-to-end ids.
CREATE TABLE payout_batches (
  id TEXT NOT NULL PRIMARY KEY,
  entity TEXT NOT NULL REFERENCES entities,
  entity_bank INTEGER NOT NULL,
  currency TEXT NOT NULL,
  execution_date TEXT NOT NULL,
  created INTEGER NOT NULL
) STRICT;
CREATE TABLE payouts (
  id TEXT NOT NULL PRIMARY KEY,
  batch TEXT NOT NULL REFERENCES payout_batches,
  party TEXT NOT NULL REFERENCES parties,
  party_bank INTEGER NOT NULL,
  currency TEXT NOT NULL,
  amount TEXT NOT NULL,
  entry INTEGER NOT NULL REFERENCES entries
) STRICT;
CREATE INDEX payouts_by_batch ON payouts (batch);
CREATE INDEX payouts_by_party ON payouts (party);

-- A document is paid once; again only after the bank returned the attempt before.
CREATE TABLE payout_items (
  payout TEXT NOT NULL REFERENCES payouts,
  invoice TEXT NOT NULL REFERENCES invoices,
  attempt INTEGER NOT NULL,
  PRIMARY KEY (payout, invoice),
  UNIQUE (invoice, attempt)
) STRICT;

-- What the bank said of a payout: each thing once.
CREATE TABLE payout_events (
  payout TEXT NOT NULL REFERENCES payouts,
  kind TEXT NOT NULL CHECK (kind IN ('paid', 'returned')),
  bank_reference TEXT NOT NULL,
  value_date TEXT NOT NULL,
  reason TEXT,
  recorded INTEGER NOT NULL,
  entry INTEGER NOT NULL REFERENCES entries,
  PRIMARY KEY (payout, kind)
) STRICT;

CREATE TRIGGER proposals_are_not_updated BEFORE UPDATE ON proposals
BEGIN SELECT RAISE(ABORT, 'a proposal never changes'); END;
CREATE TRIGGER proposals_are_not_deleted BEFORE DELETE ON proposals
BEGIN SELECT RAISE(ABORT, 'a proposal never changes'); END;
CREATE TRIGGER decisions_are_not_updated BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
CREATE TRIGGER decisions_are_not_deleted BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'a decision never changes'); END;
CREATE TRIGGER proposals_done_are_not_updated BEFORE UPDATE ON proposals_done
BEGIN SELECT RAISE(ABORT, 'what is done is done once'); END;
CREATE TRIGGER proposals_done_are_not_deleted BEFORE DELETE ON proposals_done
BEGIN SELECT RAISE(ABORT, 'what is done is done once'); END;
CREATE TRIGGER bank_details_are_not_updated BEFORE UPDATE ON bank_details
BEGIN SELECT RAISE(ABORT, 'a version of bank details never changes'); END;
CREATE TRIGGER bank_details_are_not_deleted BEFORE DELETE ON bank_details
BEGIN SELECT RAISE(ABORT, 'a version of bank details never changes'); END;
CREATE TRIGGER payout_batches_are_not_updated BEFORE UPDATE ON payout_batches
BEGIN SELECT RAISE(ABORT, 'a payout never changes'); END;
CREATE TRIGGER payout_batches_are_not_deleted BEFORE DELETE ON payout_batches
BEGIN SELECT RAISE(ABORT, 'a payout never changes'); END;
CREATE TRIGGER payouts_are_not_updated BEFORE UPDATE ON payouts
BEGIN SELECT RAISE(ABORT, 'a payout never changes'); END;
CREATE TRIGGER payouts_are_not_deleted BEFORE DELETE ON payouts
BEGIN SELECT RAISE(ABORT, 'a payout never changes'); END;
CREATE TRIGGER payout_items_are_not_updated BEFORE UPDATE ON payout_items
BEGIN SELECT RAISE(ABORT, 'a payout never changes'); END;
CREATE TRIGGER payout_items_are_not_deleted BEFORE DELETE ON payout_items
BEGIN SELECT RAISE(ABORT, 'a payout never changes'); END;
CREATE TRIGGER payout_events_are_not_updated BEFORE UPDATE ON payout_events
BEGIN SELECT RAISE(ABORT, 'a payout never changes'); END;
CREATE TRIGGER payout_events_are_not_deleted BEFORE DELETE ON payout_events
BEGIN SELECT RAISE(ABORT, 'a payout never changes'); END;
