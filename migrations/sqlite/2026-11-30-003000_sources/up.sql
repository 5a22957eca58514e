-- Directories of courses that follow a folder of a git repository.
CREATE TABLE sources (
    directory_id    BIGINT PRIMARY KEY NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    url             TEXT    NOT NULL,
    branch          TEXT,
    folder          TEXT,
    -- Patterns of paths that are left out, as a JSON array.
    exclude         TEXT    NOT NULL,
    every_seconds   BIGINT  NOT NULL,
    allow_solutions BOOLEAN NOT NULL,
    -- The token for the repository and the hook's secret, sealed with the signing key.
    token           BLOB,
    hook_id         TEXT    NOT NULL,
    hook_secret     BLOB    NOT NULL,
    -- The commit of the last version that was made.
    commit_id       TEXT,
    checked_at      BIGINT,
    next_at         BIGINT  NOT NULL,
    failures        BIGINT  NOT NULL DEFAULT 0,
    -- The run in progress, and the time at which it counts as lost.
    running         BIGINT,
    running_until   BIGINT
);
CREATE UNIQUE INDEX sources_by_hook ON sources (hook_id);
CREATE INDEX sources_by_time ON sources (next_at);

CREATE TABLE source_runs (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    directory_id BIGINT NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    began_at     BIGINT NOT NULL,
    ended_at     BIGINT,
    cause        TEXT   NOT NULL,
    -- A run that waits or is in progress has none.
    outcome      TEXT,
    commit_id    TEXT,
    version      BIGINT,
    report       TEXT
);
CREATE INDEX source_runs_of ON source_runs (directory_id);
