-- What the new version of the application sends; $1 is the id of a row.
SELECT upper(country) FROM orders WHERE id = $1::text::bigint
UPDATE orders SET paid = NOT paid WHERE id = $1::text::bigint
