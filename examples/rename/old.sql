-- What the old version of the application sends; $1 is the id of a row.
SELECT username FROM users WHERE id = $1::text::bigint
UPDATE users SET username = 'old ' || id WHERE id = $1::text::bigint
UPDATE users SET seen = seen + 1 WHERE id = $1::text::bigint
INSERT INTO users (username) SELECT 'old ' || gen_random_uuid() WHERE $1 <> ''
