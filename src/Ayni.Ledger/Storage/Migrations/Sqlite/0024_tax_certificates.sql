-- By a certificate less is withheld while it is valid; on a document it is the one that lessened its tax.
ALTER TABLE billing_taxes ADD COLUMN certificate TEXT;
ALTER TABLE billing_taxes ADD COLUMN certified_parts INTEGER;
ALTER TABLE billing_taxes ADD COLUMN valid_from TEXT;
ALTER TABLE billing_taxes ADD COLUMN valid_until TEXT;
ALTER TABLE invoice_taxes ADD COLUMN certificate TEXT;
ALTER TABLE invoice_taxes ADD COLUMN certified_parts INTEGER;
ALTER TABLE invoice_taxes ADD COLUMN valid_from TEXT;
ALTER TABLE invoice_taxes ADD COLUMN valid_until TEXT;
