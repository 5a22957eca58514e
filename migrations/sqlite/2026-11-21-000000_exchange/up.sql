-- Times are microseconds since 1970 in UTC. Ids grow and are never used again.

CREATE TABLE courses (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name       TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    -- A deleted course stays until its retention time is over; its name is free at once.
    deleted_at BIGINT
);
CREATE UNIQUE INDEX courses_by_name ON courses (name) WHERE deleted_at IS NULL;

-- The roster kept by hand. One row a person and course, so nobody is both student and instructor.
CREATE TABLE members (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    course_id  INTEGER NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    username   TEXT    NOT NULL,
    instructor BOOLEAN NOT NULL,
    first_name TEXT,
    last_name  TEXT,
    email      TEXT,
    UNIQUE (course_id, username)
);
CREATE INDEX members_by_user ON members (username);

-- Bytes, each content once. Large ones are files named by the SHA-256, small ones rows of blob_contents.
CREATE TABLE blobs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    sha256      BLOB    NOT NULL UNIQUE,
    md5         BLOB    NOT NULL,
    size        BIGINT  NOT NULL,
    in_database BOOLEAN NOT NULL,
    -- When the bytes last came in; what nobody names yet is left alone for a while after this.
    stored_at   BIGINT  NOT NULL
);
CREATE TABLE blob_contents (
    blob_id INTEGER PRIMARY KEY NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
    content BLOB    NOT NULL
);

-- Lists of files that never change. The same list is stored once.
CREATE TABLE trees (
    id     INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    digest BLOB    NOT NULL UNIQUE,
    files  INTEGER NOT NULL,
    bytes  BIGINT  NOT NULL
);
CREATE TABLE tree_files (
    tree_id  INTEGER NOT NULL REFERENCES trees (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    path     TEXT    NOT NULL,
    blob_id  INTEGER NOT NULL REFERENCES blobs (id),
    PRIMARY KEY (tree_id, position),
    UNIQUE (tree_id, path)
) WITHOUT ROWID;
CREATE INDEX tree_files_by_blob ON tree_files (blob_id);

CREATE TABLE assignments (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    course_id       INTEGER NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    -- What is shown; NULL while unreleased. Submissions stay either way.
    current_release INTEGER REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (course_id, name)
);
CREATE INDEX assignments_by_release ON assignments (current_release);

CREATE TABLE releases (
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    assignment_id INTEGER NOT NULL REFERENCES assignments (id) ON DELETE CASCADE,
    version       INTEGER NOT NULL,
    tree_id       INTEGER NOT NULL REFERENCES trees (id),
    released_by   TEXT    NOT NULL,
    released_at   BIGINT  NOT NULL,
    UNIQUE (assignment_id, version)
);
CREATE INDEX releases_by_tree ON releases (tree_id);

CREATE TABLE submissions (
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    assignment_id INTEGER NOT NULL REFERENCES assignments (id) ON DELETE CASCADE,
    student       TEXT    NOT NULL,
    submitted_at  BIGINT  NOT NULL,
    tree_id       INTEGER NOT NULL REFERENCES trees (id),
    UNIQUE (assignment_id, student, submitted_at)
);
CREATE INDEX submissions_by_time ON submissions (assignment_id, submitted_at, student);
CREATE INDEX submissions_by_tree ON submissions (tree_id);

-- Every feedback ever given; the newest of a submission is shown.
CREATE TABLE feedback (
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    submission_id INTEGER NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    tree_id       INTEGER NOT NULL REFERENCES trees (id),
    returned_by   TEXT    NOT NULL,
    returned_at   BIGINT  NOT NULL
);
CREATE INDEX feedback_by_submission ON feedback (submission_id);
CREATE INDEX feedback_by_tree ON feedback (tree_id);
