-- migrate:up
ALTER TABLE users RENAME COLUMN username TO display_name;

-- migrate:down
ALTER TABLE users RENAME COLUMN display_name TO username;
