INSERT INTO users (name) SELECT 'First' || i || ' Last' || i FROM generate_series(1, $1::text::bigint) i
