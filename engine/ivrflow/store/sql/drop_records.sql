-- All that stands under a key, or what one call has of it.
DELETE FROM record
WHERE id IN (
    SELECT id FROM record WHERE waits = 0 AND name = :name AND key = :key
    UNION ALL
    SELECT id FROM record WHERE waits = 1 AND name = :name AND key = :key
) AND expires > :at AND (:call IS NULL OR call_id = :call)
