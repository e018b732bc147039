INSERT INTO orders (country) SELECT (ARRAY['de', 'fr', 'us', 'jp'])[1 + i % 4] FROM generate_series(1, $1::text::bigint) i
