-- Names shall not be empty.
ALTER TABLE users ADD CONSTRAINT username_not_empty CHECK (username <> '');

-- segue:allow create-index-blocking because the table has 200 rows
CREATE INDEX users_username ON users (username);
