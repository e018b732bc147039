-- migrate:up
SET lock_timeout = '2s';
ALTER TABLE customers ADD COLUMN phone text;

-- migrate:down
ALTER TABLE customers DROP COLUMN phone;
