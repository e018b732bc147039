-- migrate:up
CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  username text NOT NULL UNIQUE,
  seen bigint NOT NULL DEFAULT 0
);

-- migrate:down
DROP TABLE users;
