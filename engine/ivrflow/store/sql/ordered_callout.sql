SELECT id FROM callout
WHERE app = :app AND flow = :flow AND name = :name AND key = :key AND key <> '' AND state <> 'over'
