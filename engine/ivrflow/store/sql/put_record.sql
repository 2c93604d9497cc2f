-- Who has claimed the key keeps it.
INSERT INTO record (name, key, waits, app, call_id, value, expires)
VALUES (:name, :key, 0, '', '', :value, :expires)
ON CONFLICT (name, key) WHERE waits = 0 DO UPDATE SET
    app = CASE WHEN expires > :at THEN app ELSE '' END,
    call_id = CASE WHEN expires > :at THEN call_id ELSE '' END,
    value = excluded.value,
    expires = excluded.expires
