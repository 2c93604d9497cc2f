-- Who is there already, by id or by key, stays.
INSERT INTO callout (id, app, flow, name, key, "order", made, due, rev, state, attempt, failures, refusals, call, result, reason, parent, leg, unwanted)
VALUES (
    :id, :app, :flow, :name, :key, :order, :made, :due, :rev, :state, :attempt, :failures, :refusals,
    :call, :result, :reason, :parent, :leg, :unwanted
)
ON CONFLICT DO NOTHING
