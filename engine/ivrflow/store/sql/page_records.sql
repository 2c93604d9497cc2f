-- Entries of one record from a key and row on, in the order of keys, then of queues.
SELECT id, key, value, expires, app, call_id, place
FROM (
    SELECT * FROM (
        SELECT id, key, value, expires, app, call_id, 0 AS place
        FROM record
        WHERE waits = 0 AND name = :name AND (:key IS NULL OR key = :key) AND expires > :at
            AND key >= :from_key AND (key > :from_key OR id > :from_id)
        ORDER BY key, id LIMIT :limit
    )
    UNION ALL
    SELECT * FROM (
        SELECT id, key, value, expires, app, call_id, (
            SELECT count(*) FROM record AS ahead
            WHERE ahead.waits = 1 AND ahead.name = record.name AND ahead.key = record.key
                AND ahead.expires > :at AND ahead.id <= record.id
        )
        FROM record
        WHERE waits = 1 AND name = :name AND (:key IS NULL OR key = :key) AND expires > :at
            AND key >= :from_key AND (key > :from_key OR id > :from_id)
        ORDER BY key, id LIMIT :limit
    )
)
ORDER BY key, id LIMIT :limit
