-- Receipts that no signed batch holds yet: all those from the first to the last entry. Once they are to be signed together, their batch has its number
-- and bytes here.
CREATE TABLE unsigned_receipts (
  first_entry bigint PRIMARY KEY,
  last_entry bigint NOT NULL,
  posted bigint NOT NULL,
  number bigint UNIQUE,
  canonical bytea,
  CHECK ((number IS NULL) = (canonical IS NULL))
);

INSERT INTO unsigned_receipts (first_entry, last_entry, posted)
SELECT r.entry, r.entry, e.recorded FROM receipts r JOIN entries e ON e.number = r.entry
WHERE coalesce((SELECT b.first_entry FROM batches b WHERE b.last_entry >= r.entry ORDER BY b.last_entry LIMIT 1), r.entry + 1) > r.entry;
