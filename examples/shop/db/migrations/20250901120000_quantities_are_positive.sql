-- migrate:up
SET lock_timeout = '2s';
ALTER TABLE order_items
    ADD CONSTRAINT order_items_quantity_positive CHECK (quantity > 0) NOT VALID;

-- migrate:down
ALTER TABLE order_items DROP CONSTRAINT order_items_quantity_positive;
