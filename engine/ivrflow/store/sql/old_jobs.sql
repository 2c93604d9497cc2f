DELETE FROM job WHERE number IN (
    SELECT number FROM job WHERE state IN ('done', 'dead') AND due < ? ORDER BY due LIMIT ?
)
