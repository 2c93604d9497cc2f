SELECT id, app, flow, name, key, "order", made, due, rev, state, attempt, failures, refusals, call, result, reason, parent, leg, unwanted
FROM callout
WHERE state = 'waiting' AND parent = '' AND app = ? AND due <= ?
ORDER BY due LIMIT ?
