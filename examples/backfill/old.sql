-- What the old version of the application sends; $1 is the id of a row.
SELECT country FROM orders WHERE id = $1::text::bigint
UPDATE orders SET paid = true WHERE id = $1::text::bigint
INSERT INTO orders (country) SELECT 'de' WHERE $1 <> ''
