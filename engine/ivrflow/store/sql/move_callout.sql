UPDATE callout
SET due = :due,
    rev = :rev,
    state = :state,
    attempt = :attempt,
    failures = :failures,
    refusals = :refusals,
    call = :call,
    result = :result,
    reason = :reason,
    unwanted = :unwanted
WHERE id = :id AND rev = :rev - 1
