SELECT id, kind, "to", name, app, call, body, made, due, until, lane, rev, state, attempt, fault
FROM job
WHERE (:state = '' OR state = :state) AND (:to = '' OR "to" = :to) AND (:call = '' OR call = :call)
    AND number < coalesce((SELECT number FROM job WHERE id = :before), 9223372036854775807)
ORDER BY number DESC LIMIT :limit
