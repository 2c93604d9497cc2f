-- By the row alone: the index over call ids, which are random, is left untouched.
-- Columns of VALUES: id, rev, format, program, last, due, over, who, session.
UPDATE call
SET rev = moved.column2,
    format = moved.column3,
    program = moved.column4,
    last = moved.column5,
    due = moved.column6,
    over = moved.column7,
    who = moved.column8,
    session = moved.column9
FROM (VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)) AS moved
WHERE call.id = moved.column1 AND call.rev = moved.column2 - 1
