-- migrate:up
CREATE TABLE pages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  path text NOT NULL,
  views integer NOT NULL DEFAULT 0
);
CREATE INDEX pages_views ON pages (views);

-- migrate:down
DROP TABLE pages;
