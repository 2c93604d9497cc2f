SELECT id, app, flow, name, key, "order", made, due, rev, state, attempt, failures, refusals, call, result, reason, parent, leg, unwanted
FROM callout
WHERE id IN (SELECT value FROM json_each(?))
