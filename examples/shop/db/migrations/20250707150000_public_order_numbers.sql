-- migrate:up
ALTER TABLE orders ADD COLUMN public_id uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE orders ADD CONSTRAINT orders_public_id_key UNIQUE (public_id);

-- migrate:down
ALTER TABLE orders DROP COLUMN public_id;
