-- What credits paid in a month is read page by page.
CREATE INDEX credit_uses_of_period ON credit_uses (period, entry);
