-- migrate:up
ALTER TABLE customers RENAME COLUMN full_name TO display_name;

-- migrate:down
ALTER TABLE customers RENAME COLUMN display_name TO full_name;
