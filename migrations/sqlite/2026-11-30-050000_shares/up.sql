-- The audience that a course allows for shared pages: off, course or hub.
ALTER TABLE courses ADD COLUMN sharing TEXT NOT NULL DEFAULT 'off';

-- Pages that people share by links.
CREATE TABLE shares (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- The SHA-256 of the last part of the link.
    token       BLOB   NOT NULL,
    made_by     TEXT   NOT NULL,
    course_id   BIGINT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    title       TEXT   NOT NULL,
    audience    TEXT   NOT NULL,
    -- The page, and the notebook that it was made from. A link that has ended has none.
    page_blob   BIGINT REFERENCES blobs (id),
    source_blob BIGINT REFERENCES blobs (id),
    made_at     BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    revoked_at  BIGINT,
    revoked_by  TEXT
);
CREATE UNIQUE INDEX shares_by_token ON shares (token);
CREATE INDEX shares_of_person ON shares (made_by);
CREATE INDEX shares_of_course ON shares (course_id);
CREATE INDEX shares_by_page ON shares (page_blob) WHERE page_blob IS NOT NULL;
CREATE INDEX shares_by_source ON shares (source_blob) WHERE source_blob IS NOT NULL;
