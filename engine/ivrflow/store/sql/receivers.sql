-- Each receiver of open jobs once, by leaps over the index.
WITH RECURSIVE receiver (who) AS (
    SELECT min("to") FROM job WHERE state IN ('waiting', 'running')
    UNION ALL
    SELECT (SELECT min("to") FROM job WHERE state IN ('waiting', 'running') AND "to" > receiver.who)
    FROM receiver WHERE receiver.who IS NOT NULL
)
SELECT who FROM receiver WHERE who IS NOT NULL
