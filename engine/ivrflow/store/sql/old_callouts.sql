DELETE FROM callout WHERE number IN (
    SELECT number FROM callout WHERE state = 'over' AND due < ? ORDER BY due LIMIT ?
)
