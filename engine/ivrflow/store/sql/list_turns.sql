-- A call's journal rows from one of them back, that one left out; from its last for 0.
WITH RECURSIVE chain (id, call, prev, at, flags, key, event, facts, reply) AS (
    SELECT journal.id, call, prev, at, flags, key, event, facts, reply
    FROM journal
    WHERE journal.id = CASE
        WHEN :before = 0 THEN (SELECT last FROM call WHERE app = :app AND call_id = :call)
        ELSE (
            SELECT j.prev
            FROM journal AS j JOIN call ON call.id = j.call
            WHERE j.id = :before AND app = :app AND call_id = :call
        )
    END
    UNION ALL
    SELECT j.id, j.call, j.prev, j.at, j.flags, j.key, j.event, j.facts, j.reply
    FROM chain JOIN journal AS j ON j.id = chain.prev
)
SELECT id, at, flags, key, event, facts, reply FROM chain LIMIT :limit
