-- migrate:up
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  seen bigint NOT NULL DEFAULT 0
);

-- migrate:down
DROP TABLE users;
