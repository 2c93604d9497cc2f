SELECT id, kind, "to", name, app, call, body, made, due, until, lane, rev, state, attempt, fault
FROM job
WHERE state IN ('waiting', 'running') AND "to" = :to AND due <= :at
    AND (lane = '' OR NOT EXISTS (
        SELECT 1 FROM job AS earlier
        WHERE earlier.lane = job.lane AND earlier.lane <> '' AND earlier.number < job.number
            AND earlier.state IN ('waiting', 'running')
    ))
ORDER BY due, number LIMIT :each
