SELECT value FROM record WHERE waits = 0 AND name = :name AND key = :key AND expires > :at
