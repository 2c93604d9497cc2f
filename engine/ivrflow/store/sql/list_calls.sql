-- Of so many calls before one, those that are wanted. `programs` is a JSON list, or null for all.
SELECT id, app, call_id, hash, format, over, session,
    (SELECT at FROM journal WHERE journal.id = seen.last),
    (
        WITH RECURSIVE chain (prev, at) AS (
            SELECT prev, at FROM journal WHERE journal.id = seen.last
            UNION ALL
            SELECT j.prev, j.at FROM chain JOIN journal AS j ON j.id = chain.prev
        )
        SELECT at FROM chain WHERE prev = 0
    )
FROM (
    SELECT call.id, app, call_id, hash, format, over, session, last
    FROM call JOIN program ON program.id = call.program
    WHERE call.id < :before ORDER BY call.id DESC LIMIT :window
) AS seen
WHERE (:over IS NULL OR (over > 0) = :over)
    AND (:programs IS NULL OR hash IN (SELECT value FROM json_each(:programs)))
ORDER BY id DESC LIMIT :limit
