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

-- Memory across calls: values (waits = 0; app and call_id tell who claimed one, else they are empty)
-- and places in queues (waits = 1; their order is that of id). `value` is JSON.
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    waits INTEGER NOT NULL,
    app TEXT NOT NULL,
    call_id TEXT NOT NULL,
    value TEXT NOT NULL,
    expires INTEGER NOT NULL
);

CREATE UNIQUE INDEX IF NOT EXISTS value_of_key ON record (name, key) WHERE waits = 0;
CREATE UNIQUE INDEX IF NOT EXISTS place_of_call ON record (app, call_id, name, key) WHERE waits = 1;
CREATE INDEX IF NOT EXISTS queue ON record (name, key, id) WHERE waits = 1;
CREATE INDEX IF NOT EXISTS record_expires ON record (expires) WHERE expires < 9223372036854775807;

-- Outgoing calls with all their tries. "order" is JSON; `due` is when something is to be done, or
-- when it was over.
CREATE TABLE IF NOT EXISTS callout (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL,
    flow TEXT NOT NULL,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    "order" BLOB NOT NULL,
    made INTEGER NOT NULL,
    due INTEGER NOT NULL,
    rev INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    refusals INTEGER NOT NULL,
    call TEXT NOT NULL,
    result TEXT NOT NULL,
    reason TEXT NOT NULL,
    parent TEXT NOT NULL DEFAULT '',
    leg INTEGER NOT NULL DEFAULT 0,
    unwanted INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX IF NOT EXISTS callout_key ON callout (app, flow, name, key)
WHERE key <> '' AND state <> 'over';
DROP INDEX IF EXISTS callout_waiting;
CREATE INDEX IF NOT EXISTS callout_waits ON callout (app, due) WHERE state = 'waiting' AND parent = '';
CREATE INDEX IF NOT EXISTS callout_legs ON callout (due) WHERE state = 'waiting' AND parent <> '';
CREATE INDEX IF NOT EXISTS callout_begun ON callout (due) WHERE state NOT IN ('waiting', 'over');
CREATE INDEX IF NOT EXISTS callout_call ON callout (app, call)
WHERE call <> '' AND state <> 'over';
CREATE INDEX IF NOT EXISTS callout_over ON callout (due) WHERE state = 'over';
DROP INDEX IF EXISTS callout_busy;
CREATE INDEX IF NOT EXISTS callout_calls ON callout (app)
WHERE state <> 'over' AND state IN ('placing', 'placed', 'live');

-- What is to be done after a commit. `due` is when it is to be done, when its lease is over, or when
-- it was done or given up.
CREATE TABLE IF NOT EXISTS job (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    "to" TEXT NOT NULL,
    name TEXT NOT NULL,
    app TEXT NOT NULL,
    call TEXT NOT NULL,
    body BLOB NOT NULL,
    made INTEGER NOT NULL,
    due INTEGER NOT NULL,
    until INTEGER NOT NULL,
    lane TEXT NOT NULL,
    rev INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    fault TEXT NOT NULL
);

CREATE INDEX IF NOT EXISTS job_due ON job ("to", due) WHERE state IN ('waiting', 'running');
CREATE INDEX IF NOT EXISTS job_next ON job (due) WHERE state IN ('waiting', 'running');
CREATE INDEX IF NOT EXISTS job_lane ON job (lane, number)
WHERE lane <> '' AND state IN ('waiting', 'running');
CREATE INDEX IF NOT EXISTS job_over ON job (due) WHERE state IN ('done', 'dead');
