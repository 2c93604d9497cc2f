-- A place that has expired is taken anew, at the end.
INSERT INTO record (name, key, waits, app, call_id, value, expires)
VALUES (:name, :key, 1, :app, :call, :value, :expires)
ON CONFLICT (app, call_id, name, key) WHERE waits = 1 DO UPDATE SET
    id = CASE WHEN expires > :at THEN id ELSE (SELECT max(id) + 1 FROM record) END,
    value = excluded.value,
    expires = excluded.expires
