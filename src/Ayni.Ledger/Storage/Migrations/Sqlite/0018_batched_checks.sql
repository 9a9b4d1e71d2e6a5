-- SQLite looks for what each row refers to as it is written, at little cost. As on PostgreSQL, keys and customers stay.
CREATE TRIGGER keys_are_not_deleted BEFORE DELETE ON keys
BEGIN SELECT RAISE(ABORT, 'a key is revoked, not deleted'); END;
CREATE TRIGGER customers_are_not_deleted BEFORE DELETE ON customers
BEGIN SELECT RAISE(ABORT, 'a customer is revoked, not deleted'); END;
