SELECT id, app, flow, name, key, "order", made, due, rev, state, attempt, failures, refusals, call, result, reason, parent, leg, unwanted
FROM callout
WHERE (:flow = '' OR flow = :flow) AND (:name = '' OR name = :name)
    AND (:state = '' OR state = :state)
    AND number < coalesce((SELECT number FROM callout WHERE id = :before), 9223372036854775807)
ORDER BY number DESC LIMIT :limit
