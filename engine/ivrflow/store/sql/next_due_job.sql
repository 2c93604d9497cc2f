SELECT min(due) FROM job WHERE state IN ('waiting', 'running') AND due > ?
