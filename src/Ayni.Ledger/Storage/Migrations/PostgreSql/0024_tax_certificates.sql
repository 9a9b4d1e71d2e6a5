-- By a certificate less is withheld while it is valid; on a document it is the one that lessened its tax.
ALTER TABLE billing_taxes ADD COLUMN certificate text COLLATE "C";
ALTER TABLE billing_taxes ADD COLUMN certified_parts bigint;
ALTER TABLE billing_taxes ADD COLUMN valid_from text COLLATE "C";
ALTER TABLE billing_taxes ADD COLUMN valid_until text COLLATE "C";
ALTER TABLE invoice_taxes ADD COLUMN certificate text COLLATE "C";
ALTER TABLE invoice_taxes ADD COLUMN certified_parts bigint;
ALTER TABLE invoice_taxes ADD COLUMN valid_from text COLLATE "C";
ALTER TABLE invoice_taxes ADD COLUMN valid_until text COLLATE "C";
