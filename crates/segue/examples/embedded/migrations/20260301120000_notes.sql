-- migrate:up
CREATE TABLE notes (id integer PRIMARY KEY, text varchar(200) NOT NULL);
-- migrate:down
DROP TABLE notes;
