-- migrate:up
-- segue:map users.first_name = split_part(name, ' ', 1)
-- segue:map users.last_name  = split_part(name, ' ', 2)
-- segue:map users.name       = concat_ws(' ', first_name, last_name)
ALTER TABLE users
  ADD COLUMN first_name text NOT NULL,
  ADD COLUMN last_name text,
  DROP COLUMN name;

-- migrate:down
ALTER TABLE users
  ADD COLUMN name text NOT NULL,
  DROP COLUMN first_name,
  DROP COLUMN last_name;
