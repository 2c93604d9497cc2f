SELECT count(*) FROM callout WHERE state <> 'over' AND state IN ('placing', 'placed', 'live')
