-- What the old version of the application sends; $1 is the id of a row.
SELECT views::text FROM pages WHERE id = $1::text::bigint
UPDATE pages SET views = views + 1 WHERE id = $1::text::bigint
INSERT INTO pages (path) VALUES ('/old/' || $1)
