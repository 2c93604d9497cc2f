-- What a file of layout 3 lacks, and that it lacks it no more: all of it, or nothing.
BEGIN IMMEDIATE;
ALTER TABLE callout ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE callout ADD COLUMN leg INTEGER NOT NULL DEFAULT 0;
ALTER TABLE callout ADD COLUMN unwanted INTEGER NOT NULL DEFAULT 0;
UPDATE meta SET value = CAST('4' AS BLOB) WHERE name = 'format';
COMMIT;
