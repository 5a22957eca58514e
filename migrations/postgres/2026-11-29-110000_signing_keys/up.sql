-- The key that signs sessions and receipts, so that all servers of the database have the same. It has the ID 1.
CREATE TABLE signing_keys (
    id  BIGINT PRIMARY KEY NOT NULL,
    key BYTEA  NOT NULL
);
