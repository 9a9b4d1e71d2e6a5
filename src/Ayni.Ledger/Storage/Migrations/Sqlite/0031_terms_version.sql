-- Hosts keep what lets requests in for as long as this number stays: it changes with whatever can shut a key or change a request's terms. What
-- is new opens nothing that was known before.
ALTER TABLE ledger RENAME COLUMN limits_version TO terms_version;

CREATE TRIGGER keys_change_terms_by_update AFTER UPDATE ON keys BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER customers_change_terms_by_update AFTER UPDATE ON customers BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER apps_change_terms_by_update AFTER UPDATE ON apps BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER prices_change_terms_by_insertion AFTER INSERT ON prices BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER agreements_change_terms_by_insertion AFTER INSERT ON agreements BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER limits_change_terms_by_insertion AFTER INSERT ON limits BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER limits_change_terms_by_update AFTER UPDATE ON limits BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER limits_change_terms_by_deletion AFTER DELETE ON limits BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER exchange_rates_change_terms_by_insertion AFTER INSERT ON exchange_rates BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER subscriptions_change_terms_by_insertion AFTER INSERT ON subscriptions BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER subscriptions_change_terms_by_update AFTER UPDATE ON subscriptions BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER subscriptions_change_terms_by_deletion AFTER DELETE ON subscriptions BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
CREATE TRIGGER credits_change_terms_by_insertion AFTER INSERT ON credits BEGIN UPDATE ledger SET terms_version = terms_version + 1; END;
