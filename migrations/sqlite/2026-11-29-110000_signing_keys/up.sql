-- The key that signs sessions and receipts, where several servers share the database. It has the ID 1. In an embedded
-- database the table is empty, and the key is a file beside it.
CREATE TABLE signing_keys (
    id  INTEGER PRIMARY KEY NOT NULL,
    key BLOB    NOT NULL
);
