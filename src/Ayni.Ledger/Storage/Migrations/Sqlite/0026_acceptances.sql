-- Who recorded an acceptance that nobody signed; what it is known by stands in the note.
ALTER TABLE acceptances ADD COLUMN recorded_by TEXT;
