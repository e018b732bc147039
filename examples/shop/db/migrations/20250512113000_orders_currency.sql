-- migrate:up
ALTER TABLE orders ADD COLUMN currency text;
UPDATE orders SET currency = 'EUR';
ALTER TABLE orders ALTER COLUMN currency SET NOT NULL;

-- migrate:down
ALTER TABLE orders DROP COLUMN currency;
