-- The keys by which parties sign agreements: one in force for each party. An endorsement is the signature of the key before.
CREATE TABLE party_keys (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  party text COLLATE "C" NOT NULL REFERENCES parties,
  public_key bytea NOT NULL CHECK (length(public_key) = 32),
  registered bigint NOT NULL,
  endorsement bytea CHECK (length(endorsement) = 64),
  revoked bigint
);
CREATE UNIQUE INDEX party_keys_in_force ON party_keys (party) WHERE revoked IS NULL;

-- Parties' signatures under agreements' documents.
CREATE TABLE agreement_signatures (
  document bigint NOT NULL REFERENCES agreement_documents,
  party text COLLATE "C" NOT NULL REFERENCES parties,
  key text COLLATE "C" NOT NULL REFERENCES party_keys,
  signature bytea NOT NULL CHECK (length(signature) = 64),
  signed bigint NOT NULL,
  PRIMARY KEY (document, party)
);

CREATE TRIGGER party_keys_are_not_deleted BEFORE DELETE OR TRUNCATE ON party_keys FOR EACH STATEMENT EXECUTE FUNCTION refuse('a key is revoked, never deleted');
CREATE TRIGGER agreement_signatures_are_not_updated BEFORE UPDATE ON agreement_signatures FOR EACH STATEMENT EXECUTE FUNCTION refuse('a signature never changes');
CREATE TRIGGER agreement_signatures_are_not_deleted BEFORE DELETE OR TRUNCATE ON agreement_signatures FOR EACH STATEMENT EXECUTE FUNCTION refuse('a signature never changes');
