-- What the old version of the application sends; $1 is the id of a row.
SELECT name FROM users WHERE id = $1::text::bigint
UPDATE users SET name = 'Old Name' || $1 WHERE id = $1::text::bigint
UPDATE users SET seen = seen + 1 WHERE id = $1::text::bigint
INSERT INTO users (name) VALUES ('Old Insert' || $1)
