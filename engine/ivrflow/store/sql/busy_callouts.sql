-- Each application that has somebody to dial, by leaps over the index, and how many calls it has.
WITH RECURSIVE calling (app) AS (
    SELECT min(app) FROM callout WHERE state = 'waiting' AND parent = ''
    UNION ALL
    SELECT (
        SELECT min(app) FROM callout
        WHERE state = 'waiting' AND parent = '' AND app > calling.app
    )
    FROM calling WHERE calling.app IS NOT NULL
)
SELECT app, (
    SELECT count(*) FROM callout
    WHERE callout.app = calling.app AND state <> 'over' AND state IN ('placing', 'placed', 'live')
)
FROM calling WHERE app IS NOT NULL
