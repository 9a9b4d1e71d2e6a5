-- The kinds of entries of adjustments and credits join those there are.
DO $$
DECLARE known text := (SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint
  WHERE conrelid = 'entries'::regclass AND conname = 'entries_kind_check');
BEGIN
  ALTER TABLE entries DROP CONSTRAINT entries_kind_check;
  EXECUTE format('ALTER TABLE entries ADD CONSTRAINT entries_kind_check CHECK (%s OR kind IN (%s))', known,
    '''volume_true_up'', ''package_remainder'', ''subscription_fee'', ''minimum_charge'', ''credit_expiry'', '
    || '''credit_purchase'', ''credit_use''');
END $$;

-- Months in which a named price plan is a customer's. The last month may be set and changed, nothing else.
CREATE TABLE subscriptions (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  customer text COLLATE "C" NOT NULL REFERENCES customers,
  plan text COLLATE "C" NOT NULL,
  first_month text COLLATE "C" NOT NULL,
  last_month text COLLATE "C",
  created bigint NOT NULL
);
CREATE INDEX subscriptions_of_customer ON subscriptions (customer);

-- Amounts paid in advance, and what closed months used of them.
CREATE TABLE credits (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  customer text COLLATE "C" NOT NULL REFERENCES customers,
  currency text COLLATE "C" NOT NULL,
  amount numeric(38,12) NOT NULL,
  priority bigint NOT NULL,
  model text COLLATE "C" NOT NULL,
  purchased bigint NOT NULL,
  expires bigint,
  entry bigint NOT NULL REFERENCES entries
);
CREATE INDEX credits_of_customer ON credits (customer);
CREATE TABLE credit_uses (
  credit text COLLATE "C" NOT NULL REFERENCES credits,
  period text COLLATE "C" NOT NULL,
  amount numeric(38,12) NOT NULL,
  entry bigint NOT NULL REFERENCES entries,
  PRIMARY KEY (credit, period)
);

-- What a month comes to beside its receipts' charges: posted once at its close, numbered without gaps.
CREATE TABLE adjustments (
  number bigint NOT NULL PRIMARY KEY,
  type text COLLATE "C" NOT NULL
    CHECK (type IN ('volume_true_up', 'package_remainder', 'subscription_fee', 'minimum_charge', 'credit_expiry')),
  customer text COLLATE "C" NOT NULL REFERENCES customers,
  subject text COLLATE "C" NOT NULL,
  period text COLLATE "C" NOT NULL,
  service_period text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  amount numeric(38,12) NOT NULL,
  explanation text COLLATE "C" NOT NULL,
  entry bigint NOT NULL REFERENCES entries
);
CREATE UNIQUE INDEX adjustments_once ON adjustments (period, customer, subject, service_period, type, currency);
CREATE INDEX adjustments_of_customer ON adjustments (customer, subject, service_period);
CREATE TABLE adjustment_parts (
  adjustment bigint NOT NULL REFERENCES adjustments,
  line bigint NOT NULL,
  model text COLLATE "C" NOT NULL,
  app text COLLATE "C" REFERENCES apps,
  adapter text COLLATE "C",
  agreement bigint NOT NULL REFERENCES agreements,
  amount numeric(38,12) NOT NULL,
  PRIMARY KEY (adjustment, line)
);

CREATE TRIGGER subscriptions_only_end BEFORE UPDATE ON subscriptions FOR EACH ROW
WHEN (NEW.id <> OLD.id OR NEW.customer <> OLD.customer OR NEW.plan <> OLD.plan OR NEW.first_month <> OLD.first_month
  OR NEW.created <> OLD.created OR NEW.last_month IS NULL)
EXECUTE FUNCTION refuse('of a subscription only the last month changes');
CREATE TRIGGER subscriptions_are_not_deleted BEFORE DELETE OR TRUNCATE ON subscriptions FOR EACH STATEMENT EXECUTE FUNCTION refuse('a subscription stays');
CREATE TRIGGER credits_are_not_updated BEFORE UPDATE ON credits FOR EACH STATEMENT EXECUTE FUNCTION refuse('a credit never changes');
CREATE TRIGGER credits_are_not_deleted BEFORE DELETE OR TRUNCATE ON credits FOR EACH STATEMENT EXECUTE FUNCTION refuse('a credit never changes');
CREATE TRIGGER credit_uses_are_not_updated BEFORE UPDATE ON credit_uses FOR EACH STATEMENT EXECUTE FUNCTION refuse('a use of a credit never changes');
CREATE TRIGGER credit_uses_are_not_deleted BEFORE DELETE OR TRUNCATE ON credit_uses FOR EACH STATEMENT EXECUTE FUNCTION refuse('a use of a credit never changes');
CREATE TRIGGER adjustments_are_not_updated BEFORE UPDATE ON adjustments FOR EACH STATEMENT EXECUTE FUNCTION refuse('an adjustment never changes');
CREATE TRIGGER adjustments_are_not_deleted BEFORE DELETE OR TRUNCATE ON adjustments FOR EACH STATEMENT EXECUTE FUNCTION refuse('an adjustment never changes');
CREATE TRIGGER adjustment_parts_are_not_updated BEFORE UPDATE ON adjustment_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse('an adjustment never changes');
CREATE TRIGGER adjustment_parts_are_not_deleted BEFORE DELETE OR TRUNCATE ON adjustment_parts FOR EACH STATEMENT EXECUTE FUNCTION refuse('an adjustment never changes');
