SELECT min(due) FROM callout WHERE state NOT IN ('waiting', 'over')
