SELECT id, app, flow, name, key, "order", made, due, rev, state, attempt, failures, refusals, call, result, reason
FROM callout
WHERE id = ?
