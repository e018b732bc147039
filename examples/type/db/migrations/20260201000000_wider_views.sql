-- migrate:up
ALTER TABLE pages ALTER COLUMN views TYPE bigint;

-- migrate:down
ALTER TABLE pages ALTER COLUMN views TYPE integer;
