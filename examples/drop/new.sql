-- What the new version of the application sends; $1 is the id of a row.
SELECT email FROM users WHERE id = $1::text::bigint
UPDATE users SET email = 'new' || $1 || '@shop.example' WHERE id = $1::text::bigint
