-- The servers that run or ran a moment ago. An embedded database has one server, and the table is empty.
CREATE TABLE replicas (
    id          TEXT PRIMARY KEY NOT NULL,
    version     TEXT NOT NULL,
    host        TEXT NOT NULL,
    -- The bucket of its files, or its data directory.
    place       TEXT NOT NULL,
    -- Whether no other server may run beside it, since its files are in a directory of its own.
    alone       BOOLEAN NOT NULL,
    started_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    -- The time by which its clock is ahead of the database's.
    clock_ahead BIGINT NOT NULL
) WITHOUT ROWID;
