-- migrate:up
ALTER TABLE users DROP COLUMN legacy_code;

-- migrate:down
ALTER TABLE users ADD COLUMN legacy_code text;
