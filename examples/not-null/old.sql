-- What the old version of the application sends; $1 is the id of a row.
SELECT email FROM customers WHERE id = $1::text::bigint
UPDATE customers SET visits = visits + 1 WHERE id = $1::text::bigint
INSERT INTO customers (email) VALUES ('old' || $1 || '@shop.example')
