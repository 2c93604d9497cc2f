SELECT id, kind, "to", name, app, call, body, made, due, until, lane, rev, state, attempt, fault
FROM job
WHERE id = ?
