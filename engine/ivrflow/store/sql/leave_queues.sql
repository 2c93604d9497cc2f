-- Columns of VALUES: app, call_id.
DELETE FROM record WHERE waits = 1 AND (app, call_id) IN (VALUES (?, ?))
