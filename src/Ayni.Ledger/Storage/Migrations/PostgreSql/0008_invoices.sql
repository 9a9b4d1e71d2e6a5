-- The kinds of entries that move money join those of the close.
ALTER TABLE entries DROP CONSTRAINT entries_kind_check;
ALTER TABLE entries ADD CONSTRAINT entries_kind_check CHECK (kind IN (
  'charge', 'distribution', 'payable', 'invoice', 'credit_note', 'self_bill', 'payment', 'refund', 'payment_reversal', 'write_off',
  'write_off_reversal', 'payout', 'payout_paid', 'payout_return'));

-- The legal entities that issue invoices; their code begins the invoices' numbers.
CREATE TABLE entities (
  code text COLLATE "C" NOT NULL PRIMARY KEY,
  created bigint NOT NULL
);

-- What stands on invoices about an entity, a customer or a party; the last version counts for the next invoice.
CREATE TABLE billing (
  subject text COLLATE "C" NOT NULL,
  version bigint NOT NULL CHECK (version > 0),
  legal_name text COLLATE "C" NOT NULL,
  address text COLLATE "C" NOT NULL,
  country text COLLATE "C" NOT NULL,
  tax_id text COLLATE "C",
  due_days bigint NOT NULL,
  recorded bigint NOT NULL,
  PRIMARY KEY (subject, version)
);
CREATE TABLE billing_taxes (
  subject text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  line bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  parts_per_million bigint NOT NULL CHECK (parts_per_million BETWEEN 0 AND 1000000),
  withheld bigint NOT NULL CHECK (withheld IN (0, 1)),
  PRIMARY KEY (subject, version, line),
  FOREIGN KEY (subject, version) REFERENCES billing
);

-- Numbers are without gaps within an entity, kind and year. A version of 0 stands for nothing but the recipient's name.
CREATE TABLE invoices (
  number text COLLATE "C" NOT NULL PRIMARY KEY,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('invoice', 'credit_note', 'self_bill')),
  entity text COLLATE "C" NOT NULL REFERENCES entities,
  year bigint NOT NULL,
  sequence bigint NOT NULL CHECK (sequence > 0),
  entity_billing bigint NOT NULL,
  subject text COLLATE "C" NOT NULL,
  subject_name text COLLATE "C" NOT NULL,
  subject_billing bigint NOT NULL,
  period text COLLATE "C" NOT NULL,
  currency text COLLATE "C" NOT NULL,
  issued bigint NOT NULL,
  due text COLLATE "C" NOT NULL,
  rounding numeric(38,12) NOT NULL,
  total numeric(38,12) NOT NULL,
  credits text COLLATE "C" REFERENCES invoices,
  reason text COLLATE "C",
  entry bigint NOT NULL REFERENCES entries,
  UNIQUE (entity, kind, year, sequence),
  CHECK ((kind = 'credit_note') = (credits IS NOT NULL))
);
CREATE UNIQUE INDEX invoices_once ON invoices (subject, period, currency) WHERE kind <> 'credit_note';
CREATE INDEX invoices_of_subject ON invoices (subject, issued);
CREATE INDEX credit_notes ON invoices (credits) WHERE kind = 'credit_note';

CREATE TABLE invoice_lines (
  invoice text COLLATE "C" NOT NULL REFERENCES invoices,
  line bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  reference text COLLATE "C",
  model text COLLATE "C",
  app text COLLATE "C",
  service_period text COLLATE "C" NOT NULL,
  receipts bigint NOT NULL,
  prompt bigint NOT NULL,
  cached bigint NOT NULL,
  generated bigint NOT NULL,
  amount numeric(38,12) NOT NULL,
  PRIMARY KEY (invoice, line)
);
CREATE TABLE invoice_taxes (
  invoice text COLLATE "C" NOT NULL REFERENCES invoices,
  line bigint NOT NULL,
  name text COLLATE "C" NOT NULL,
  parts_per_million bigint NOT NULL,
  withheld bigint NOT NULL CHECK (withheld IN (0, 1)),
  base numeric(38,12) NOT NULL,
  amount numeric(38,12) NOT NULL,
  PRIMARY KEY (invoice, line)
);

-- Money from and to customers. A bank reference is recorded once.
CREATE TABLE payments (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('payment', 'refund', 'reversal')),
  customer text COLLATE "C" NOT NULL REFERENCES customers,
  currency text COLLATE "C" NOT NULL,
  amount numeric(38,12) NOT NULL,
  bank_reference text COLLATE "C" NOT NULL UNIQUE,
  value_date text COLLATE "C" NOT NULL,
  recorded bigint NOT NULL,
  reverses text COLLATE "C" UNIQUE REFERENCES payments,
  entry bigint NOT NULL REFERENCES entries,
  CHECK ((kind = 'reversal') = (reverses IS NOT NULL))
);
CREATE INDEX payments_of_customer ON payments (customer, entry);

-- Claims given up, and taken up again. A write-off is reversed once.
CREATE TABLE write_offs (
  id text COLLATE "C" NOT NULL PRIMARY KEY,
  invoice text COLLATE "C" NOT NULL REFERENCES invoices,
  currency text COLLATE "C" NOT NULL,
  amount numeric(38,12) NOT NULL,
  reason text COLLATE "C" NOT NULL,
  recorded bigint NOT NULL,
  reverses text COLLATE "C" UNIQUE REFERENCES write_offs,
  entry bigint NOT NULL REFERENCES entries
);
CREATE INDEX write_offs_of_invoice ON write_offs (invoice);

CREATE TRIGGER billing_is_not_updated BEFORE UPDATE ON billing FOR EACH STATEMENT EXECUTE FUNCTION refuse('a version of billing details never changes');
CREATE TRIGGER billing_is_not_deleted BEFORE DELETE OR TRUNCATE ON billing FOR EACH STATEMENT EXECUTE FUNCTION refuse('a version of billing details never changes');
CREATE TRIGGER billing_taxes_are_not_updated BEFORE UPDATE ON billing_taxes FOR EACH STATEMENT EXECUTE FUNCTION refuse('a version of billing details never changes');
CREATE TRIGGER billing_taxes_are_not_deleted BEFORE DELETE OR TRUNCATE ON billing_taxes FOR EACH STATEMENT EXECUTE FUNCTION refuse('a version of billing details never changes');
CREATE TRIGGER invoices_are_not_updated BEFORE UPDATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION refuse('an invoice never changes');
CREATE TRIGGER invoices_are_not_deleted BEFORE DELETE OR TRUNCATE ON invoices FOR EACH STATEMENT EXECUTE FUNCTION refuse('an invoice never changes');
CREATE TRIGGER invoice_lines_are_not_updated BEFORE UPDATE ON invoice_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse('an invoice never changes');
CREATE TRIGGER invoice_lines_are_not_deleted BEFORE DELETE OR TRUNCATE ON invoice_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse('an invoice never changes');
CREATE TRIGGER invoice_taxes_are_not_updated BEFORE UPDATE ON invoice_taxes FOR EACH STATEMENT EXECUTE FUNCTION refuse('an invoice never changes');
CREATE TRIGGER invoice_taxes_are_not_deleted BEFORE DELETE OR TRUNCATE ON invoice_taxes FOR EACH STATEMENT EXECUTE FUNCTION refuse('an invoice never changes');
CREATE TRIGGER payments_are_not_updated BEFORE UPDATE ON payments FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payment never changes');
CREATE TRIGGER payments_are_not_deleted BEFORE DELETE OR TRUNCATE ON payments FOR EACH STATEMENT EXECUTE FUNCTION refuse('a payment never changes');
CREATE TRIGGER write_offs_are_not_updated BEFORE UPDATE ON write_offs FOR EACH STATEMENT EXECUTE FUNCTION refuse('a write-off never changes');
CREATE TRIGGER write_offs_are_not_deleted BEFORE DELETE OR TRUNCATE ON write_offs FOR EACH STATEMENT EXECUTE FUNCTION refuse('a write-off never changes');
