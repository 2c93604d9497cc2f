-- Who is there already stays.
INSERT INTO job (id, kind, "to", name, app, call, body, made, due, until, lane, rev, state, attempt, fault)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
