-- migrate:up
ALTER TABLE customers ALTER COLUMN email SET NOT NULL;

-- migrate:down
ALTER TABLE customers ALTER COLUMN email DROP NOT NULL;
