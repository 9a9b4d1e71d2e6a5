-- Lists are read page by page in these orders, and those of one holder without the others'.
CREATE INDEX apps_of_developer ON apps (developer);
CREATE INDEX keys_by_party ON keys (party);
CREATE INDEX prices_by_model ON prices (model, version);
CREATE INDEX invoices_in_order ON invoices (entry);
CREATE INDEX invoices_of_period ON invoices (period, entry);
CREATE INDEX payments_in_order ON payments (entry);
CREATE INDEX write_offs_in_order ON write_offs (entry);
CREATE INDEX payouts_in_order ON payouts (entry);
CREATE INDEX credits_in_order ON credits (entry);
CREATE INDEX adjustments_of_period ON adjustments (period, number);
CREATE INDEX party_keys_of_party ON party_keys (party);
CREATE INDEX customer_keys_of_customer ON customer_keys (customer);
CREATE INDEX objections_of_period ON objections (period);
CREATE INDEX objections_of_holder ON objections (raised_by);
DROP INDEX objections_by_time;
