INSERT INTO pages (path, views) SELECT '/page/' || i, i % 1000 FROM generate_series(1, $1::text::bigint) i
