INSERT INTO call (id, app, call_id, rev, format, program, last, due, over, who, session)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (app, call_id) DO NOTHING
