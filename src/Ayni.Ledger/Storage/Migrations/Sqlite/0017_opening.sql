-- The kind of entries that bring in what accounts had come to before this ledger. SQLite knows no other way to widen a CHECK without copying the table.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (kind IN (', 'CHECK (kind IN (''opening'', ')
WHERE type = 'table' AND name = 'entries';
PRAGMA writable_schema = RESET;
