INSERT INTO users (username) SELECT 'user ' || i FROM generate_series(1, $1::text::bigint) i
