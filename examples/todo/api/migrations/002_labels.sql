-- Set by the worker, some moments after a to-do was added.
ALTER TABLE todos ADD COLUMN label text CHECK (length(label) <= 30);
