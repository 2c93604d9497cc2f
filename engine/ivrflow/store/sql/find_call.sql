SELECT call.id, app, call_id, hash, format, over, session,
    (SELECT at FROM journal WHERE journal.id = call.last),
    (
        WITH RECURSIVE chain (prev, at) AS (
            SELECT prev, at FROM journal WHERE journal.id = call.last
            UNION ALL
            SELECT j.prev, j.at FROM chain JOIN journal AS j ON j.id = chain.prev
        )
        SELECT at FROM chain WHERE prev = 0
    )
FROM call JOIN program ON program.id = call.program
WHERE app = ? AND call_id = ?
