INSERT INTO users (email, legacy_code) SELECT 'u' || i || '@shop.example', 'L' || i FROM generate_series(1, $1::text::bigint) i
