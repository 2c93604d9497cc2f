SELECT min(due) FROM callout WHERE state = 'waiting' AND parent <> ''
