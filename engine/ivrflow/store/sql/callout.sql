SELECT id, app, flow, name, key, "order", made, due, rev, state, attempt, call, result, reason
FROM callout
WHERE id = ?
