-- What lessens the shares of a period, with its evidence. The entry, if any, took the amount out of revenue:PERIOD:MODEL.
CREATE TABLE deductions (
  id INTEGER PRIMARY KEY,
  type TEXT NOT NULL,
  evidence TEXT NOT NULL,
  period TEXT NOT NULL,
  service_period TEXT NOT NULL,
  model TEXT,
  app TEXT REFERENCES apps,
  currency TEXT NOT NULL,
  amount TEXT NOT NULL,
  entry INTEGER REFERENCES entries,
  recorded INTEGER NOT NULL
) STRICT;
CREATE INDEX deductions_by_period ON deductions (period);
CREATE UNIQUE INDEX deductions_by_evidence ON deductions (type, evidence, coalesce(model, ''), coalesce(app, ''));

CREATE TRIGGER deductions_respect_closed_periods BEFORE INSERT ON deductions
WHEN NEW.period <= (SELECT max(period) FROM periods)
BEGIN SELECT RAISE(ROLLBACK, 'a closed period takes no deductions'); END;
CREATE TRIGGER deductions_are_not_updated BEFORE UPDATE ON deductions
BEGIN SELECT RAISE(ABORT, 'a deduction never changes'); END;
CREATE TRIGGER deductions_are_not_deleted BEFORE DELETE ON deductions
BEGIN SELECT RAISE(ABORT, 'a deduction never changes'); END;
