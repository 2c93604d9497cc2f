SELECT name, key, value, expires, app, call_id,
    CASE waits WHEN 1 THEN row_number() OVER (PARTITION BY name, key, waits ORDER BY id) ELSE 0 END
FROM record
WHERE (:name IS NULL OR name = :name) AND (:key IS NULL OR key = :key) AND expires > :at
ORDER BY name, key, waits, id
