SELECT count(*) FROM record WHERE waits = 1 AND name = :name AND key = :key AND expires > :at
