SELECT (
    SELECT count(*) FROM record AS ahead
    WHERE ahead.waits = 1 AND ahead.name = :name AND ahead.key = :key
        AND ahead.expires > :at AND ahead.id <= mine.id
)
FROM record AS mine
WHERE mine.waits = 1 AND mine.app = :app AND mine.call_id = :call
    AND mine.name = :name AND mine.key = :key AND mine.expires > :at
