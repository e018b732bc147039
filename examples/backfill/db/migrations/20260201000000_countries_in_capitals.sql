-- migrate:up
UPDATE orders SET country = upper(country);

-- migrate:down
UPDATE orders SET country = lower(country);
