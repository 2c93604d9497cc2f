SELECT id, last FROM call
WHERE CASE WHEN over > 0 THEN over ELSE due END < ?
ORDER BY id LIMIT ?
