UPDATE job
SET body = :body, due = :due, until = :until, rev = :rev, state = :state, attempt = :attempt, fault = :fault
WHERE id = :id AND rev = :rev - 1
