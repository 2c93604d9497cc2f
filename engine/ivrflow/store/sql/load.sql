SELECT call.id, call.last, rev, hash, format, over, session
FROM call JOIN program ON program.id = call.program
WHERE app = ? AND call_id = ?
