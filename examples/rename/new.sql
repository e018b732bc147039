-- What the new version of the application sends; $1 is the id of a row.
SELECT display_name FROM users WHERE id = $1::text::bigint
UPDATE users SET display_name = 'new ' || id WHERE id = $1::text::bigint
UPDATE users SET seen = seen + 1 WHERE id = $1::text::bigint
INSERT INTO users (display_name) SELECT 'new ' || gen_random_uuid() WHERE $1 <> ''
