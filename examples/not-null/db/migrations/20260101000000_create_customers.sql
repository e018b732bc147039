-- migrate:up
CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text,
  visits bigint NOT NULL DEFAULT 0
);

-- migrate:down
DROP TABLE customers;
