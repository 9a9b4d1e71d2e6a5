-- Which host served: the one that a meter's key reports for, or whose the ledger's own machines are.
ALTER TABLE keys DROP CONSTRAINT keys_holder;
ALTER TABLE keys ADD CONSTRAINT keys_holder CHECK (
  (role = 'customer') = (customer IS NOT NULL) AND (role <> 'party' OR party IS NOT NULL) AND (party IS NULL OR role IN ('party', 'meter'))
  AND (app IS NULL OR role = 'customer'));
CREATE TABLE own_hosts (
  id INTEGER PRIMARY KEY,
  effective_from INTEGER NOT NULL,
  party TEXT NOT NULL REFERENCES parties
) STRICT;
CREATE TRIGGER own_hosts_are_not_updated BEFORE UPDATE ON own_hosts
BEGIN SELECT RAISE(ABORT, 'a host is followed by another, never changed'); END;
CREATE TRIGGER own_hosts_are_not_deleted BEFORE DELETE ON own_hosts
BEGIN SELECT RAISE(ABORT, 'a host is followed by another, never changed'); END;
ALTER TABLE adjustment_parts ADD COLUMN host TEXT REFERENCES parties;
