-- The keys by which parties sign agreements: one in force for each party. An endorsement is the signature of the key before.
CREATE TABLE party_keys (
  id TEXT NOT NULL PRIMARY KEY,
  party TEXT NOT NULL REFERENCES parties,
  public_key BLOB NOT NULL CHECK (length(public_key) = 32),
  registered INTEGER NOT NULL,
  endorsement BLOB CHECK (length(endorsement) = 64),
  revoked INTEGER
) STRICT;
CREATE UNIQUE INDEX party_keys_in_force ON party_keys (party) WHERE revoked IS NULL;

-- Parties' signatures under agreements' documents.
CREATE TABLE agreement_signatures (
  document INTEGER NOT NULL REFERENCES agreement_documents,
  party TEXT NOT NULL REFERENCES parties,
  key TEXT NOT NULL REFERENCES party_keys,
  signature BLOB NOT NULL CHECK (length(signature) = 64),
  signed INTEGER NOT NULL,
  PRIMARY KEY (document, party)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER party_keys_are_not_deleted BEFORE DELETE ON party_keys
BEGIN SELECT RAISE(ABORT, 'a key is revoked, never deleted'); END;
CREATE TRIGGER agreement_signatures_are_not_updated BEFORE UPDATE ON agreement_signatures
BEGIN SELECT RAISE(ABORT, 'a signature never changes'); END;
CREATE TRIGGER agreement_signatures_are_not_deleted BEFORE DELETE ON agreement_signatures
BEGIN SELECT RAISE(ABORT, 'a signature never changes'); END;
