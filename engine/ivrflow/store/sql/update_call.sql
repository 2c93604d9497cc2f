UPDATE call
SET rev = ?, format = ?, program = ?, last = ?, due = ?, over = ?, who = ?, session = ?
WHERE id = ? AND rev = ?
