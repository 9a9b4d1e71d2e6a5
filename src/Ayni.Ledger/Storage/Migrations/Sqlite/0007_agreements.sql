-- The terms of agreements that are documents, as their canonical text. A version of an agreement names its document; a document that needs
-- everyone's acceptance has no version until it has it.
CREATE TABLE agreement_documents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  canonical TEXT NOT NULL,
  recorded INTEGER NOT NULL
) STRICT;
CREATE TABLE acceptances (
  document INTEGER NOT NULL REFERENCES agreement_documents,
  party TEXT NOT NULL REFERENCES parties,
  accepted INTEGER NOT NULL,
  note TEXT,
  PRIMARY KEY (document, party)
) STRICT, WITHOUT ROWID;

ALTER TABLE agreements ADD COLUMN document INTEGER REFERENCES agreement_documents;
ALTER TABLE agreements ADD COLUMN currency TEXT;
ALTER TABLE agreements ADD COLUMN effective_until INTEGER;

-- What customers paid for a model's use, for shares of what is collected.
CREATE TABLE collections (
  id INTEGER PRIMARY KEY,
  evidence TEXT NOT NULL,
  period TEXT NOT NULL,
  model TEXT NOT NULL,
  app TEXT REFERENCES apps,
  currency TEXT NOT NULL,
  amount TEXT NOT NULL,
  recorded INTEGER NOT NULL
) STRICT;
CREATE INDEX collections_by_period ON collections (period);
CREATE UNIQUE INDEX collections_by_evidence ON collections (evidence, model, coalesce(app, ''));

-- What a close added to what is carried for a share; what is carried is the sum of these, and no number of its own.
CREATE TABLE share_carries (
  period TEXT NOT NULL,
  month TEXT NOT NULL,
  version INTEGER NOT NULL REFERENCES agreements,
  agreement TEXT NOT NULL,
  share TEXT NOT NULL,
  developer TEXT NOT NULL,
  currency TEXT NOT NULL,
  base TEXT NOT NULL,
  carried_deductions TEXT NOT NULL,
  topped_up TEXT NOT NULL,
  advanced TEXT NOT NULL,
  recouped TEXT NOT NULL,
  paid TEXT NOT NULL,
  PRIMARY KEY (period, version, share, developer, currency, month)
) STRICT, WITHOUT ROWID;

-- Where a customer is and to whom it belongs, from an instant on.
CREATE TABLE customer_profiles (
  id INTEGER PRIMARY KEY,
  customer TEXT NOT NULL REFERENCES customers,
  effective_from INTEGER NOT NULL,
  territory TEXT,
  owner TEXT REFERENCES parties
) STRICT;
CREATE INDEX customer_profiles_by_customer ON customer_profiles (customer, effective_from, id);

-- What a party is called in law, from an instant on.
CREATE TABLE party_details (
  id INTEGER PRIMARY KEY,
  party TEXT NOT NULL REFERENCES parties,
  recorded INTEGER NOT NULL,
  legal_name TEXT,
  tax_id TEXT,
  address TEXT
) STRICT;
CREATE INDEX party_details_by_party ON party_details (party, recorded, id);

CREATE TRIGGER collections_respect_closed_periods BEFORE INSERT ON collections
WHEN NEW.period <= (SELECT max(period) FROM periods)
BEGIN SELECT RAISE(ROLLBACK, 'a closed period takes no collections'); END;
CREATE TRIGGER share_carries_respect_closed_periods BEFORE INSERT ON share_carries
WHEN NEW.period <= (SELECT max(period) FROM periods WHERE status = 'closed')
BEGIN SELECT RAISE(ROLLBACK, 'a closed period never changes'); END;
CREATE TRIGGER agreement_documents_are_not_updated BEFORE UPDATE ON agreement_documents
BEGIN SELECT RAISE(ABORT, 'an agreement''s document never changes'); END;
CREATE TRIGGER agreement_documents_are_not_deleted BEFORE DELETE ON agreement_documents
BEGIN SELECT RAISE(ABORT, 'an agreement''s document never changes'); END;
CREATE TRIGGER acceptances_are_not_updated BEFORE UPDATE ON acceptances
BEGIN SELECT RAISE(ABORT, 'an acceptance never changes'); END;
CREATE TRIGGER acceptances_are_not_deleted BEFORE DELETE ON acceptances
BEGIN SELECT RAISE(ABORT, 'an acceptance never changes'); END;
CREATE TRIGGER collections_are_not_updated BEFORE UPDATE ON collections
BEGIN SELECT RAISE(ABORT, 'a collection never changes'); END;
CREATE TRIGGER collections_are_not_deleted BEFORE DELETE ON collections
BEGIN SELECT RAISE(ABORT, 'a collection never changes'); END;
CREATE TRIGGER share_carries_are_not_updated BEFORE UPDATE ON share_carries
BEGIN SELECT RAISE(ABORT, 'a closed period never changes'); END;
CREATE TRIGGER share_carries_are_not_deleted BEFORE DELETE ON share_carries
BEGIN SELECT RAISE(ABORT, 'a closed period never changes'); END;
CREATE TRIGGER customer_profiles_are_not_updated BEFORE UPDATE ON customer_profiles
BEGIN SELECT RAISE(ABORT, 'a customer''s profile is followed by another, never changed'); END;
CREATE TRIGGER customer_profiles_are_not_deleted BEFORE DELETE ON customer_profiles
BEGIN SELECT RAISE(ABORT, 'a customer''s profile is followed by another, never changed'); END;
CREATE TRIGGER party_details_are_not_updated BEFORE UPDATE ON party_details
BEGIN SELECT RAISE(ABORT, 'a party''s details are followed by others, never changed'); END;
CREATE TRIGGER party_details_are_not_deleted BEFORE DELETE ON party_details
BEGIN SELECT RAISE(ABORT, 'a party''s details are followed by others, never changed'); END;
