-- A call's first turn inserts its row, each later one moves it on from the turn before.
INSERT INTO call (id, app, call_id, rev, format, program, last, due, over, who, session)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    rev = excluded.rev,
    format = excluded.format,
    program = excluded.program,
    last = excluded.last,
    due = excluded.due,
    over = excluded.over,
    who = excluded.who,
    session = excluded.session
    WHERE rev = excluded.rev - 1
ON CONFLICT (app, call_id) DO NOTHING
