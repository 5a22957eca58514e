-- Large contents in a bucket. The row of such a content is written before its bytes are sent, and says when they have
-- arrived.
ALTER TABLE blobs ADD COLUMN arrived BOOLEAN NOT NULL DEFAULT TRUE;

-- Objects whose rows were removed. They are deleted from the bucket after a while.
CREATE TABLE removed_objects (
    blob_id    INTEGER PRIMARY KEY NOT NULL,
    sha256     BLOB    NOT NULL,
    size       BIGINT  NOT NULL,
    removed_at BIGINT  NOT NULL
);
CREATE INDEX removed_objects_by_time ON removed_objects (removed_at);

-- The bucket with the large contents, or NULL if they are in a directory.
ALTER TABLE identity ADD COLUMN bucket TEXT;
