-- The servers that run or ran a moment ago. Each renews its row. Times are those of the database's clock.
CREATE TABLE replicas (
    id          TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    version     TEXT COLLATE "C" NOT NULL,
    host        TEXT COLLATE "C" NOT NULL,
    -- The bucket of its files, or its data directory.
    place       TEXT COLLATE "C" NOT NULL,
    -- Whether no other server may run beside it, since its files are in a directory of its own.
    alone       BOOLEAN NOT NULL,
    started_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,
    -- The time by which its clock is ahead of the database's.
    clock_ahead BIGINT NOT NULL
);
