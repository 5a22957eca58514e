-- When each of the operator's tasks last ran and last ended well, whichever process did it: for whoever watches.
CREATE TABLE runs (
    task TEXT PRIMARY KEY NOT NULL,
    ended_at BIGINT NOT NULL,
    succeeded_at BIGINT
) WITHOUT ROWID;
