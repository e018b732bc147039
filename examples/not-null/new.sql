-- What the new version of the application sends; $1 is the id of a row.
SELECT email FROM customers WHERE id = $1::text::bigint
UPDATE customers SET email = 'new' || $1 || '@shop.example' WHERE id = $1::text::bigint
