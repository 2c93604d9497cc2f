DELETE FROM record
WHERE waits = 1 AND (app, call_id) = (SELECT app, call_id FROM call WHERE id = ?)
