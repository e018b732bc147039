-- migrate:up
CREATE ROLE shop_reporting LOGIN PASSWORD 'pl4in-t3xt-Reporting';
GRANT SELECT ON orders, order_items, products TO shop_reporting;

-- migrate:down
DROP OWNED BY shop_reporting;
DROP ROLE shop_reporting;
