-- The revenue that a share's month came to before anything was taken off: whether its floor is due. Months closed before this have their base,
-- which is less, and is nothing where they had none.
ALTER TABLE share_carries ADD COLUMN revenue numeric(38,12);
