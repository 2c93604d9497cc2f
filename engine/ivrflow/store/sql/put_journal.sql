INSERT INTO journal (id, call, prev, at, flags, key, event, facts, reply)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
