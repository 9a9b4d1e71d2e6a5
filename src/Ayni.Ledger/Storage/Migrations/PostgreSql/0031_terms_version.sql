-- Hosts keep what lets requests in for as long as this number stays: it changes with whatever can shut a key or change a request's terms. What
-- is new opens nothing that was known before.
ALTER TABLE ledger RENAME COLUMN limits_version TO terms_version;

CREATE FUNCTION count_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE ledger SET terms_version = terms_version + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER keys_change_terms AFTER UPDATE ON keys FOR EACH STATEMENT EXECUTE FUNCTION count_terms();
CREATE TRIGGER customers_change_terms AFTER UPDATE ON customers FOR EACH STATEMENT EXECUTE FUNCTION count_terms();
CREATE TRIGGER apps_change_terms AFTER UPDATE ON apps FOR EACH STATEMENT EXECUTE FUNCTION count_terms();
CREATE TRIGGER prices_change_terms AFTER INSERT ON prices FOR EACH STATEMENT EXECUTE FUNCTION count_terms();
CREATE TRIGGER agreements_change_terms AFTER INSERT ON agreements FOR EACH STATEMENT EXECUTE FUNCTION count_terms();
CREATE TRIGGER limits_change_terms AFTER INSERT OR UPDATE OR DELETE ON limits FOR EACH STATEMENT EXECUTE FUNCTION count_terms();
CREATE TRIGGER exchange_rates_change_terms AFTER INSERT ON exchange_rates FOR EACH STATEMENT EXECUTE FUNCTION count_terms();
CREATE TRIGGER subscriptions_change_terms AFTER INSERT OR UPDATE OR DELETE ON subscriptions FOR EACH STATEMENT EXECUTE FUNCTION count_terms();
CREATE TRIGGER credits_change_terms AFTER INSERT ON credits FOR EACH STATEMENT EXECUTE FUNCTION count_terms();
