-- What the new version of the application sends; $1 is the id of a row.
SELECT views::text FROM pages WHERE id = $1::text::bigint
UPDATE pages SET views = views + 2 WHERE id = $1::text::bigint
SELECT path FROM pages ORDER BY views DESC LIMIT 5 OFFSET $1::text::bigint % 10
