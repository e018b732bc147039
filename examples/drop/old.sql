-- What the old version of the application sends; $1 is the id of a row.
SELECT email, legacy_code FROM users WHERE id = $1::text::bigint
UPDATE users SET legacy_code = 'L' || $1 WHERE id = $1::text::bigint
