-- migrate:up
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  country text NOT NULL,
  paid boolean NOT NULL DEFAULT false
);

-- migrate:down
DROP TABLE orders;
