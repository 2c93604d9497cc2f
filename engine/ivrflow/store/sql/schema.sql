CREATE TABLE IF NOT EXISTS meta (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS program (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    closure BLOB NOT NULL
);

CREATE TABLE IF NOT EXISTS call (
    id INTEGER PRIMARY KEY,
    app TEXT NOT NULL,
    call_id TEXT NOT NULL,
    rev INTEGER NOT NULL,
    format INTEGER NOT NULL,
    program INTEGER NOT NULL,
    last INTEGER NOT NULL,
    due INTEGER NOT NULL,
    over INTEGER NOT NULL,
    who TEXT NOT NULL,
    session BLOB NOT NULL,
    UNIQUE (app, call_id)
);

-- Append only; a call's rows are chained by prev, from call.last back to 0, so no index is kept.
CREATE TABLE IF NOT EXISTS journal (
    id INTEGER PRIMARY KEY,
    call INTEGER NOT NULL,
    prev INTEGER NOT NULL,
    at INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    key BLOB NOT NULL,
    event BLOB NOT NULL,
    facts BLOB NOT NULL,
    reply BLOB NOT NULL
);
