-- What tells this exchange from all others, so that no backup is written over that of another one. A restored copy is
-- the same exchange.
CREATE TABLE identity (
    id TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;
INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));
