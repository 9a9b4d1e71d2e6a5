-- Keys of roles that pay for nothing have no customer.
ALTER TABLE keys ALTER COLUMN customer DROP NOT NULL;
ALTER TABLE keys ADD COLUMN role text COLLATE "C" NOT NULL DEFAULT 'customer'
  CHECK (role IN ('customer', 'operator', 'finance', 'party', 'auditor', 'meter'));
ALTER TABLE keys ADD COLUMN party text COLLATE "C" REFERENCES parties;
-- Whether a first start issued it by itself, so that it stands in a log somewhere.
ALTER TABLE keys ADD COLUMN demo bigint NOT NULL DEFAULT 0 CHECK (demo IN (0, 1));
ALTER TABLE keys ADD CONSTRAINT keys_holder CHECK (
  (role = 'customer') = (customer IS NOT NULL) AND (role = 'party') = (party IS NOT NULL) AND (app IS NULL OR role = 'customer'));
