-- migrate:up
ALTER TABLE notes ADD COLUMN written_at timestamp;
-- migrate:down
ALTER TABLE notes DROP COLUMN written_at;
