-- When a host last told how old its oldest request under way is, and how old it was; null for none.
ALTER TABLE leases ADD COLUMN told INTEGER;
ALTER TABLE leases ADD COLUMN oldest_request INTEGER;
