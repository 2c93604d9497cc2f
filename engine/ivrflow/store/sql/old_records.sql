DELETE FROM record WHERE id IN (
    SELECT id FROM record WHERE expires <= ? AND expires < 9223372036854775807
    ORDER BY expires LIMIT ?
)
