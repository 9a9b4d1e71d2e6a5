-- The kinds of entries that move money join those of the close. SQLite knows no other way to widen a CHECK without copying the table.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'CHECK (kind IN (''charge''',
  'CHECK (kind IN (''invoice'', ''credit_note'', ''self_bill'', ''payment'', ''refund'', ''payment_reversal'', ''write_off'', '
  || '''write_off_reversal'', ''payout'', ''payout_paid'', ''payout_return'', ''charge''')
WHERE type = 'table' AND name = 'entries';
PRAGMA writable_schema = RESET;

-- The legal entities that issue invoices; their code begins the invoices' numbers.
CREATE TABLE entities (
  code TEXT NOT NULL PRIMARY KEY,
  created INTEGER NOT NULL
) STRICT;

-- What stands on invoices about an entity, a customer or a party; the last version counts for the next invoice.
CREATE TABLE billing (
  subject TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  legal_name TEXT NOT NULL,
  address TEXT NOT NULL,
  country TEXT NOT NULL,
  tax_id TEXT,
  due_days INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  PRIMARY KEY (subject, version)
) STRICT;
CREATE TABLE billing_taxes (
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  line INTEGER NOT NULL,
  name TEXT NOT NULL,
  parts_per_million INTEGER NOT NULL CHECK (parts_per_million BETWEEN 0 AND 1000000),
  withheld INTEGER NOT NULL CHECK (withheld IN (0, 1)),
  PRIMARY KEY (subject, version, line),
  FOREIGN KEY (subject, version) REFERENCES billing
) STRICT;

-- Numbers are without gaps within an entity, kind and year. A version of 0 stands for nothing but the recipient's name.
CREATE TABLE invoices (
  number TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note', 'self_bill')),
  entity TEXT NOT NULL REFERENCES entities,
  year INTEGER NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  entity_billing INTEGER NOT NULL,
  subject TEXT NOT NULL,
  subject_name TEXT NOT NULL,
  subject_billing INTEGER NOT NULL,
  period TEXT NOT NULL,
  currency TEXT NOT NULL,
  issued INTEGER NOT NULL,
  due TEXT NOT NULL,
  rounding TEXT NOT NULL,
  total TEXT NOT NULL,
  credits TEXT REFERENCES invoices,
  reason TEXT,
  entry INTEGER NOT NULL REFERENCES entries,
  UNIQUE (entity, kind, year, sequence),
  CHECK ((kind = 'credit_note') = (credits IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX invoices_once ON invoices (subject, period, currency) WHERE kind <> 'credit_note';
CREATE INDEX invoices_of_subject ON invoices (subject, issued);
CREATE INDEX credit_notes ON invoices (credits) WHERE kind = 'credit_note';

CREATE TABLE invoice_lines (
  invoice TEXT NOT NULL REFERENCES invoices,
  line INTEGER NOT NULL,
  kind TEXT NOT NULL,
  reference TEXT,
  model TEXT,
  app TEXT,
  service_period TEXT NOT NULL,
  receipts INTEGER NOT NULL,
  prompt INTEGER NOT NULL,
  cached INTEGER NOT NULL,
  generated INTEGER NOT NULL,
  amount TEXT NOT NULL,
  PRIMARY KEY (invoice, line)
) STRICT;
CREATE TABLE invoice_taxes (
  invoice TEXT NOT NULL REFERENCES invoices,
  line INTEGER NOT NULL,
  name TEXT NOT NULL,
  parts_per_million INTEGER NOT NULL,
  withheld INTEGER NOT NULL CHECK (withheld IN (0, 1)),
  base TEXT NOT NULL,
  amount TEXT NOT NULL,
  PRIMARY KEY (invoice, line)
) STRICT;

-- Money from and to customers. A bank reference is recorded once.
CREATE TABLE payments (
  id TEXT NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund', 'reversal')),
  customer TEXT NOT NULL REFERENCES customers,
  currency TEXT NOT NULL,
  amount TEXT NOT NULL,
  bank_reference TEXT NOT NULL UNIQUE,
  value_date TEXT NOT NULL,
  recorded INTEGER NOT NULL,
  reverses TEXT UNIQUE REFERENCES payments,
  entry INTEGER NOT NULL REFERENCES entries,
  CHECK ((kind = 'reversal') = (reverses IS NOT NULL))
) STRICT;
CREATE INDEX payments_of_customer ON payments (customer, entry);

-- Claims given up, and taken up again. A write-off is reversed once.
CREATE TABLE write_offs (
  id TEXT NOT NULL PRIMARY KEY,
  invoice TEXT NOT NULL REFERENCES invoices,
  currency TEXT NOT NULL,
  amount TEXT NOT NULL,
  reason TEXT NOT NULL,
  recorded INTEGER NOT NULL,
  reverses TEXT UNIQUE REFERENCES write_offs,
  entry INTEGER NOT NULL REFERENCES entries
) STRICT;
CREATE INDEX write_offs_of_invoice ON write_offs (invoice);

CREATE TRIGGER billing_is_not_updated BEFORE UPDATE ON billing
BEGIN SELECT RAISE(ABORT, 'a version of billing details never changes'); END;
CREATE TRIGGER billing_is_not_deleted BEFORE DELETE ON billing
BEGIN SELECT RAISE(ABORT, 'a version of billing details never changes'); END;
CREATE TRIGGER billing_taxes_are_not_updated BEFORE UPDATE ON billing_taxes
BEGIN SELECT RAISE(ABORT, 'a version of billing details never changes'); END;
CREATE TRIGGER billing_taxes_are_not_deleted BEFORE DELETE ON billing_taxes
BEGIN SELECT RAISE(ABORT, 'a version of billing details never changes'); END;
CREATE TRIGGER invoices_are_not_updated BEFORE UPDATE ON invoices
BEGIN SELECT RAISE(ABORT, 'an invoice never changes'); END;
CREATE TRIGGER invoices_are_not_deleted BEFORE DELETE ON invoices
BEGIN SELECT RAISE(ABORT, 'an invoice never changes'); END;
CREATE TRIGGER invoice_lines_are_not_updated BEFORE UPDATE ON invoice_lines
BEGIN SELECT RAISE(ABORT, 'an invoice never changes'); END;
CREATE TRIGGER invoice_lines_are_not_deleted BEFORE DELETE ON invoice_lines
BEGIN SELECT RAISE(ABORT, 'an invoice never changes'); END;
CREATE TRIGGER invoice_taxes_are_not_updated BEFORE UPDATE ON invoice_taxes
BEGIN SELECT RAISE(ABORT, 'an invoice never changes'); END;
CREATE TRIGGER invoice_taxes_are_not_deleted BEFORE DELETE ON invoice_taxes
BEGIN SELECT RAISE(ABORT, 'an invoice never changes'); END;
CREATE TRIGGER payments_are_not_updated BEFORE UPDATE ON payments
BEGIN SELECT RAISE(ABORT, 'a payment never changes'); END;
CREATE TRIGGER payments_are_not_deleted BEFORE DELETE ON payments
BEGIN SELECT RAISE(ABORT, 'a payment never changes'); END;
CREATE TRIGGER write_offs_are_not_updated BEFORE UPDATE ON write_offs
BEGIN SELECT RAISE(ABORT, 'a write-off never changes'); END;
CREATE TRIGGER write_offs_are_not_deleted BEFORE DELETE ON write_offs
BEGIN SELECT RAISE(ABORT, 'a write-off never changes'); END;
