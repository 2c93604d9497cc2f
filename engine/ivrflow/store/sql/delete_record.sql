DELETE FROM record
WHERE id IN (
    SELECT id FROM record WHERE waits = 0 AND name = :name AND key = :key
    UNION ALL
    SELECT id FROM record
    WHERE waits = 1 AND app = :app AND call_id = :call AND name = :name AND key = :key
) AND expires > :at
RETURNING 1
