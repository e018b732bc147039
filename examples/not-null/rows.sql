INSERT INTO customers (email) SELECT 'c' || i || '@shop.example' FROM generate_series(1, $1::text::bigint) i
