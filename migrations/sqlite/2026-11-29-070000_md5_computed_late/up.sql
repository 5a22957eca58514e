-- The MD5 of contents is computed when a reader first needs it, and is NULL until then. SQLite has no statement that
-- makes a column nullable, so the table is recreated. The next ID stays the same.
CREATE TABLE blobs_new (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    sha256      BLOB    NOT NULL UNIQUE,
    md5         BLOB,
    size        BIGINT  NOT NULL,
    in_database BOOLEAN NOT NULL,
    -- The last time at which the bytes arrived. The clean-up keeps bytes without a tree for a while after it.
    stored_at   BIGINT  NOT NULL
);
INSERT INTO blobs_new (id, sha256, md5, size, in_database, stored_at)
    SELECT id, sha256, md5, size, in_database, stored_at FROM blobs;
DELETE FROM sqlite_sequence WHERE name = 'blobs_new';
INSERT INTO sqlite_sequence (name, seq) SELECT 'blobs_new', seq FROM sqlite_sequence WHERE name = 'blobs';
DROP TABLE blobs;
ALTER TABLE blobs_new RENAME TO blobs;
