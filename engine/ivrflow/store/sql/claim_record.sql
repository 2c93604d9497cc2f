-- `keys` is a JSON list.
INSERT INTO record (name, key, waits, app, call_id, value, expires)
SELECT :name, wanted.value, 0, :app, :call, :value, :expires
FROM json_each(:keys) AS wanted
LEFT JOIN record AS taken
    ON taken.waits = 0 AND taken.name = :name AND taken.key = wanted.value AND taken.expires > :at
WHERE taken.id IS NULL OR (taken.app = :app AND taken.call_id = :call)
ORDER BY taken.id IS NULL, wanted.key
LIMIT 1
ON CONFLICT (name, key) WHERE waits = 0 DO UPDATE SET
    app = excluded.app,
    call_id = excluded.call_id,
    value = excluded.value,
    expires = excluded.expires
RETURNING key
