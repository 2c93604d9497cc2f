-- A call's journal rows from the last one back.
WITH RECURSIVE chain (id, prev, at, flags, key, event, facts, reply) AS (
    SELECT id, prev, at, flags, key, event, facts, reply FROM journal WHERE id = ?
    UNION ALL
    SELECT j.id, j.prev, j.at, j.flags, j.key, j.event, j.facts, j.reply
    FROM chain JOIN journal AS j ON j.id = chain.prev
)
SELECT id, at, flags, key, event, facts, reply FROM chain LIMIT ?
