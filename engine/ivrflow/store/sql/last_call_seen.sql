-- The last of so many calls before one.
SELECT min(id), count(*) FROM (SELECT id FROM call WHERE id < ? ORDER BY id DESC LIMIT ?)
