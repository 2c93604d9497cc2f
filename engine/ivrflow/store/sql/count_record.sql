-- JSON made of digits is a whole number; what is none, or would grow too large, stays.
INSERT INTO record (name, key, waits, app, call_id, value, expires)
VALUES (:name, :key, 0, '', '', '1', :expires)
ON CONFLICT (name, key) WHERE waits = 0 DO UPDATE SET
    app = CASE WHEN expires > :at THEN app ELSE '' END,
    call_id = CASE WHEN expires > :at THEN call_id ELSE '' END,
    value = CASE
        WHEN expires <= :at THEN '1'
        WHEN ltrim(value, '-') GLOB '*[^0-9]*' OR length(value) > 18 THEN value
        ELSE CAST(CAST(value AS INTEGER) + 1 AS TEXT)
    END,
    expires = excluded.expires
RETURNING value
