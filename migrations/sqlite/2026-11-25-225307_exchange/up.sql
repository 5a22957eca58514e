-- Times are microseconds since 1970 in UTC. IDs grow and are never used again.

-- Identifies this exchange, so that no backup replaces the backup of another one. A restored copy has the same ID.
CREATE TABLE identity (
    id TEXT PRIMARY KEY NOT NULL
) WITHOUT ROWID;
INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));

CREATE TABLE courses (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name       TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    -- A deleted course stays until its retention time ends. Its name is free at once.
    deleted_at BIGINT
);
CREATE UNIQUE INDEX courses_by_name ON courses (name) WHERE deleted_at IS NULL;

-- The roster that people maintain. Each person has one row per course, so nobody is both student and instructor.
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

-- The members of the hub's groups, by the course that the group names. The course may not exist yet.
CREATE TABLE hub_members (
    username   TEXT    NOT NULL,
    course     TEXT    NOT NULL,
    instructor BOOLEAN NOT NULL,
    PRIMARY KEY (username, course)
) WITHOUT ROWID;
CREATE INDEX hub_members_by_course ON hub_members (course);

-- The time at which the hub created the account of a name. A later account of the same name is another person, who
-- inherits nothing. The IDs also number the names that replace removed ones.
CREATE TABLE people (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    username        TEXT    NOT NULL UNIQUE,
    account_made_at BIGINT  NOT NULL
);

-- Contents of files, each stored once. Large contents are files named by their SHA-256, small ones rows of
-- blob_contents.
CREATE TABLE blobs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    sha256      BLOB    NOT NULL UNIQUE,
    md5         BLOB    NOT NULL,
    size        BIGINT  NOT NULL,
    in_database BOOLEAN NOT NULL,
    -- The last time at which the bytes arrived. The clean-up keeps bytes without a tree for a while after it.
    stored_at   BIGINT  NOT NULL
);
CREATE TABLE blob_contents (
    blob_id INTEGER PRIMARY KEY NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
    content BLOB    NOT NULL
);

-- Lists of files that never change. Equal lists are stored once.
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
    -- The version that students see; NULL while there is none. Submissions stay either way.
    current_release INTEGER REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    -- Students do not see the assignment before this time.
    opens_at        BIGINT,
    -- Submissions after this time are late.
    due_at          BIGINT,
    -- Submissions after this time are refused.
    cutoff_at       BIGINT,
    -- The name of a deleted assignment is free at once.
    deleted_at      BIGINT
);
CREATE UNIQUE INDEX assignments_by_name ON assignments (course_id, name) WHERE deleted_at IS NULL;
-- Finds the assignments of a course that is removed for good.
CREATE INDEX assignments_by_course ON assignments (course_id);
CREATE INDEX assignments_by_release ON assignments (current_release);
CREATE INDEX assignments_in_trash ON assignments (deleted_at) WHERE deleted_at IS NOT NULL;

-- Dates of one student, which replace those of the assignment.
CREATE TABLE extensions (
    assignment_id INTEGER NOT NULL REFERENCES assignments (id) ON DELETE CASCADE,
    student       TEXT    NOT NULL,
    due_at        BIGINT,
    cutoff_at     BIGINT,
    PRIMARY KEY (assignment_id, student)
) WITHOUT ROWID;

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
    -- The person who submitted on behalf of the student; NULL if the student did.
    submitted_by  TEXT,
    deleted_at    BIGINT,
    UNIQUE (assignment_id, student, submitted_at)
);
-- Holds a whole listing. Listings leave out the trash, so the index includes `deleted_at`.
CREATE INDEX submissions_by_time ON submissions (assignment_id, submitted_at, student, deleted_at);
-- Sums what one student has stored, for quotas.
CREATE INDEX submissions_by_student ON submissions (student, assignment_id);
CREATE INDEX submissions_by_tree ON submissions (tree_id);
CREATE INDEX submissions_in_trash ON submissions (deleted_at) WHERE deleted_at IS NOT NULL;

-- The keys that identify a client's second attempt at the same submission.
CREATE TABLE submission_keys (
    assignment_id INTEGER NOT NULL REFERENCES assignments (id) ON DELETE CASCADE,
    student       TEXT    NOT NULL,
    idempotency   TEXT    NOT NULL,
    submission_id INTEGER NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    PRIMARY KEY (assignment_id, student, idempotency)
) WITHOUT ROWID;
CREATE INDEX submission_keys_by_submission ON submission_keys (submission_id);

-- All feedback. Students see the newest feedback of a submission.
CREATE TABLE feedback (
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    submission_id INTEGER NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    tree_id       INTEGER NOT NULL REFERENCES trees (id),
    returned_by   TEXT    NOT NULL,
    returned_at   BIGINT  NOT NULL,
    deleted_at    BIGINT
);
CREATE INDEX feedback_by_submission ON feedback (submission_id);
CREATE INDEX feedback_by_tree ON feedback (tree_id);
CREATE INDEX feedback_in_trash ON feedback (deleted_at) WHERE deleted_at IS NOT NULL;

-- The history. An event outlives the things it is about, so it holds names and no references.
CREATE TABLE events (
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at            BIGINT NOT NULL,
    action        TEXT   NOT NULL,
    actor         TEXT   NOT NULL,
    -- The person whom the action is about; NULL if there is none besides the actor.
    subject       TEXT,
    course        TEXT,
    assignment    TEXT,
    submission_id BIGINT,
    -- Further facts, as JSON.
    detail        TEXT,
    request_id    TEXT,
    -- A course's name may be used again, its ID never. So events of an earlier course are not shown in a later one.
    course_id     INTEGER
);
CREATE INDEX events_by_course ON events (course_id, id);
CREATE INDEX events_by_time ON events (at);

-- The last run and the last successful run of each maintenance task, by whichever process.
CREATE TABLE runs (
    task         TEXT PRIMARY KEY NOT NULL,
    ended_at     BIGINT NOT NULL,
    succeeded_at BIGINT
) WITHOUT ROWID;
