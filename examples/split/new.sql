-- What the new version of the application sends; $1 is the id of a row.
SELECT first_name, last_name FROM users WHERE id = $1::text::bigint
UPDATE users SET last_name = 'New' || $1 WHERE id = $1::text::bigint
UPDATE users SET first_name = 'Mary Ann' WHERE id = $1::text::bigint
INSERT INTO users (first_name, last_name) VALUES ('New', $1)
