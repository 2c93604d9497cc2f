UPDATE callout
SET due = :due,
    rev = :rev,
    state = :state,
    attempt = :attempt,
    call = :call,
    result = :result,
    reason = :reason
WHERE id = :id AND rev = :rev - 1
