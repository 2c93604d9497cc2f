DELETE FROM record
WHERE id = (
    SELECT id FROM record
    WHERE waits = 1 AND name = :name AND key = :key AND expires > :at
    ORDER BY id LIMIT 1
)
RETURNING value
