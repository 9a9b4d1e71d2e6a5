-- The kinds of entries of adjustments and credits. SQLite knows no other way to widen a CHECK without copying the table.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, '''payable''))',
  '''payable'', ''volume_true_up'', ''package_remainder'', ''subscription_fee'', ''minimum_charge'', ''credit_expiry'', '
  || '''credit_purchase'', ''credit_use''))')
WHERE type = 'table' AND name = 'entries';
PRAGMA writable_schema = RESET;

-- Months in which a named price plan is a customer's. The last month may be set and changed, nothing else.
CREATE TABLE subscriptions (
  id TEXT NOT NULL PRIMARY KEY,
  customer TEXT NOT NULL REFERENCES customers,
  plan TEXT NOT NULL,
  first_month TEXT NOT NULL,
  last_month TEXT,
  created INTEGER NOT NULL
) STRICT;
CREATE INDEX subscriptions_of_customer ON subscriptions (customer);

-- Amounts paid in advance, and what closed months used of them.
CREATE TABLE credits (
  id TEXT NOT NULL PRIMARY KEY,
  customer TEXT NOT NULL REFERENCES customers,
  currency TEXT NOT NULL,
  amount TEXT NOT NULL,
  priority INTEGER NOT NULL,
  model TEXT NOT NULL,
  purchased INTEGER NOT NULL,
  expires INTEGER,
  entry INTEGER NOT NULL REFERENCES entries
) STRICT;
CREATE INDEX credits_of_customer ON credits (customer);
CREATE TABLE credit_uses (
  credit TEXT NOT NULL REFERENCES credits,
  period TEXT NOT NULL,
  amount TEXT NOT NULL,
  entry INTEGER NOT NULL REFERENCES entries,
  PRIMARY KEY (credit, period)
) STRICT, WITHOUT ROWID;

-- What a month comes to beside its receipts' charges: posted once at its close, numbered without gaps.
CREATE TABLE adjustments (
  number INTEGER NOT NULL PRIMARY KEY,
  type TEXT NOT NULL
    CHECK (type IN ('volume_true_up', 'package_remainder', 'subscription_fee', 'minimum_charge', 'credit_expiry')),
  customer TEXT NOT NULL REFERENCES customers,
  subject TEXT NOT NULL,
  period TEXT NOT NULL,
  service_period TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount TEXT NOT NULL,
  explanation TEXT NOT NULL,
  entry INTEGER NOT NULL REFERENCES entries
) STRICT;
CREATE UNIQUE INDEX adjustments_once ON adjustments (period, customer, subject, service_period, type, currency);
CREATE INDEX adjustments_of_customer ON adjustments (customer, subject, service_period);
CREATE TABLE adjustment_parts (
  adjustment INTEGER NOT NULL REFERENCES adjustments,
  line INTEGER NOT NULL,
  model TEXT NOT NULL,
  app TEXT REFERENCES apps,
  adapter TEXT,
  agreement INTEGER NOT NULL REFERENCES agreements,
  amount TEXT NOT NULL,
  PRIMARY KEY (adjustment, line)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER subscriptions_only_end BEFORE UPDATE ON subscriptions
WHEN NEW.id <> OLD.id OR NEW.customer <> OLD.customer OR NEW.plan <> OLD.plan OR NEW.first_month <> OLD.first_month
  OR NEW.created <> OLD.created OR NEW.last_month IS NULL
BEGIN SELECT RAISE(ABORT, 'of a subscription only the last month changes'); END;
CREATE TRIGGER subscriptions_are_not_deleted BEFORE DELETE ON subscriptions
BEGIN SELECT RAISE(ABORT, 'a subscription stays'); END;
CREATE TRIGGER credits_are_not_updated BEFORE UPDATE ON credits
BEGIN SELECT RAISE(ABORT, 'a credit never changes'); END;
CREATE TRIGGER credits_are_not_deleted BEFORE DELETE ON credits
BEGIN SELECT RAISE(ABORT, 'a credit never changes'); END;
CREATE TRIGGER credit_uses_are_not_updated BEFORE UPDATE ON credit_uses
BEGIN SELECT RAISE(ABORT, 'a use of a credit never changes'); END;
CREATE TRIGGER credit_uses_are_not_deleted BEFORE DELETE ON credit_uses
BEGIN SELECT RAISE(ABORT, 'a use of a credit never changes'); END;
CREATE TRIGGER adjustments_are_not_updated BEFORE UPDATE ON adjustments
BEGIN SELECT RAISE(ABORT, 'an adjustment never changes'); END;
CREATE TRIGGER adjustments_are_not_deleted BEFORE DELETE ON adjustments
BEGIN SELECT RAISE(ABORT, 'an adjustment never changes'); END;
CREATE TRIGGER adjustment_parts_are_not_updated BEFORE UPDATE ON adjustment_parts
BEGIN SELECT RAISE(ABORT, 'an adjustment never changes'); END;
CREATE TRIGGER adjustment_parts_are_not_deleted BEFORE DELETE ON adjustment_parts
BEGIN SELECT RAISE(ABORT, 'an adjustment never changes'); END;
