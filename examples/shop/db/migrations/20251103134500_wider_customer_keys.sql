-- migrate:up
ALTER TABLE customers ALTER COLUMN id TYPE bigint;
ALTER TABLE orders ALTER COLUMN customer_id TYPE bigint;

-- migrate:down
