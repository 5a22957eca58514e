-- Times are microseconds since 1970 in UTC. IDs grow and are never used again.

-- Identifies this exchange, so that no backup replaces the backup of another one. A restored copy has the same ID.
CREATE TABLE identity (
    id     TEXT PRIMARY KEY NOT NULL,
    -- The bucket with the large contents, or NULL if they are in a directory.
    bucket TEXT
) WITHOUT ROWID;
INSERT INTO identity (id) VALUES (lower(hex(randomblob(16))));

CREATE TABLE courses (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name       TEXT    NOT NULL,
    created_at BIGINT  NOT NULL,
    -- A deleted course stays until its retention time ends. Its name is free at once.
    deleted_at BIGINT,
    -- The title that people see, and the IANA name of the time zone in which the course's dates are meant.
    title      TEXT,
    time_zone  TEXT,
    -- The audience that the course allows for shared pages: off, course or hub.
    sharing    TEXT    NOT NULL DEFAULT 'off',
    -- Whether the work on notebooks is counted in the course.
    activity   BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE UNIQUE INDEX courses_by_name ON courses (name) WHERE deleted_at IS NULL;

-- The roster that people maintain. Each person has one row per course, so nobody is both student and instructor.
CREATE TABLE members (
    id         INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    course_id  INTEGER NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    username   TEXT    NOT NULL,
    first_name TEXT,
    last_name  TEXT,
    email      TEXT,
    -- 1 is a student, 2 an assistant, 3 an instructor. Of two roles, the greater counts.
    role       SMALLINT NOT NULL DEFAULT 1 CHECK (role BETWEEN 1 AND 3),
    UNIQUE (course_id, username)
);
CREATE INDEX members_by_user ON members (username);

-- The members of the hub's groups, by the course that the group names. The course may not exist yet.
CREATE TABLE hub_members (
    username TEXT     NOT NULL,
    course   TEXT     NOT NULL,
    role     SMALLINT NOT NULL DEFAULT 1 CHECK (role BETWEEN 1 AND 3),
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

-- Contents of files, each stored once. Large contents are files named by their SHA-256, or objects of a bucket. Small
-- ones are rows of blob_contents.
CREATE TABLE blobs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    sha256      BLOB    NOT NULL UNIQUE,
    -- It is computed when a reader first needs it.
    md5         BLOB,
    size        BIGINT  NOT NULL,
    in_database BOOLEAN NOT NULL,
    -- The last time at which the bytes arrived. The clean-up keeps bytes without a tree for a while after it.
    stored_at   BIGINT  NOT NULL,
    -- The row of a large content for a bucket is written before its bytes are sent, and says when they have arrived.
    arrived     BOOLEAN NOT NULL DEFAULT TRUE
);
CREATE TABLE blob_contents (
    blob_id INTEGER PRIMARY KEY NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
    content BLOB    NOT NULL
);

-- Objects whose rows were removed. They are deleted from the bucket after a while.
CREATE TABLE removed_objects (
    blob_id    INTEGER PRIMARY KEY NOT NULL,
    sha256     BLOB    NOT NULL,
    size       BIGINT  NOT NULL,
    removed_at BIGINT  NOT NULL
);
CREATE INDEX removed_objects_by_time ON removed_objects (removed_at);

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
    -- A note of those who teach about the reason.
    note          TEXT,
    PRIMARY KEY (assignment_id, student)
) WITHOUT ROWID;
CREATE INDEX extensions_of_student ON extensions (student);

-- The hours that a student of a course always has more than everybody, for every assignment, with a note of those who teach.
CREATE TABLE allowances (
    course_id BIGINT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    student   TEXT NOT NULL,
    hours     BIGINT NOT NULL,
    note      TEXT,
    PRIMARY KEY (course_id, student)
) WITHOUT ROWID;
CREATE INDEX allowances_of_student ON allowances (student);

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
CREATE INDEX releases_by_person ON releases (released_by);

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
CREATE INDEX submissions_by_submitter ON submissions (submitted_by) WHERE submitted_by IS NOT NULL;
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
CREATE INDEX feedback_by_person ON feedback (returned_by);
CREATE INDEX feedback_in_trash ON feedback (deleted_at) WHERE deleted_at IS NOT NULL;

-- Who has fetched which version of an assignment. Times are those of the first and of the last fetch that was noted. A
-- fetch within ten minutes of the one before is not noted.
CREATE TABLE fetches (
    release_id INTEGER NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    student    TEXT    NOT NULL,
    first_at   BIGINT  NOT NULL,
    last_at    BIGINT  NOT NULL,
    times      BIGINT  NOT NULL,
    PRIMARY KEY (release_id, student)
) WITHOUT ROWID;
CREATE INDEX fetches_by_student ON fetches (student);

-- When students have read the feedback on their submissions, by the same rules.
CREATE TABLE feedback_readings (
    feedback_id INTEGER PRIMARY KEY NOT NULL REFERENCES feedback (id) ON DELETE CASCADE,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    times       BIGINT NOT NULL
);

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
-- These find the rows that name a person without looking at those of everybody else.
CREATE INDEX events_by_actor ON events (actor);
CREATE INDEX events_by_subject ON events (subject) WHERE subject IS NOT NULL;

-- The people whom the details of an event name.
CREATE TABLE event_people (
    person   TEXT NOT NULL,
    event_id INTEGER NOT NULL REFERENCES events (id) ON DELETE CASCADE,
    PRIMARY KEY (person, event_id)
) WITHOUT ROWID;
CREATE INDEX event_people_by_event ON event_people (event_id);

-- The last run and the last successful run of each maintenance task, by whichever process.
CREATE TABLE runs (
    task         TEXT PRIMARY KEY NOT NULL,
    ended_at     BIGINT NOT NULL,
    succeeded_at BIGINT
) WITHOUT ROWID;

-- Directories: named sequences of versions, each owned by a person or a course.
CREATE TABLE directories (
    id               INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    owner            TEXT,
    course_id        BIGINT REFERENCES courses (id) ON DELETE CASCADE,
    name             TEXT   NOT NULL,
    description      TEXT,
    -- The directory and version that this one is a copy of.
    parent_id        BIGINT REFERENCES directories (id) ON DELETE SET NULL,
    parent_version   BIGINT,
    -- The number of the current version.
    head             BIGINT NOT NULL,
    -- The folder in which members of the course get it, and whether they get it whenever their servers start.
    deliver          TEXT,
    deliver_at_start BOOLEAN NOT NULL DEFAULT FALSE,
    created_by       TEXT   NOT NULL,
    created_at       BIGINT NOT NULL,
    -- A deleted directory stays until its retention time ends. Its name is free at once.
    deleted_at       BIGINT,
    CHECK ((owner IS NULL) <> (course_id IS NULL))
);
CREATE UNIQUE INDEX directories_by_owner ON directories (owner, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX directories_by_course ON directories (course_id, name) WHERE deleted_at IS NULL;
CREATE INDEX directories_of_owner ON directories (owner);
CREATE INDEX directories_of_course ON directories (course_id);
CREATE INDEX directories_by_creator ON directories (created_by);
CREATE INDEX directories_by_parent ON directories (parent_id);
CREATE INDEX directories_by_deletion ON directories (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE directory_versions (
    directory_id BIGINT NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    version      BIGINT NOT NULL,
    made_at      BIGINT NOT NULL,
    made_by      TEXT   NOT NULL,
    device       TEXT,
    message      TEXT,
    -- The commit of a repository that the version was made from, as JSON.
    origin       TEXT,
    label        TEXT,
    files        BIGINT NOT NULL,
    folders      BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,
    -- The length of all paths.
    path_bytes   BIGINT NOT NULL,
    -- The digest of the files as a tree. It is computed when a reader first needs it.
    digest       BLOB,
    PRIMARY KEY (directory_id, version)
) WITHOUT ROWID;
CREATE INDEX directory_versions_by_author ON directory_versions (made_by);

-- A file or folder, shown in the versions from `since` up to but without `until`. Without `until`, it is current.
CREATE TABLE directory_entries (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    directory_id BIGINT  NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    path         TEXT    NOT NULL,
    -- Folders have none.
    blob_id      BIGINT REFERENCES blobs (id),
    executable   BOOLEAN NOT NULL,
    since        BIGINT  NOT NULL,
    until        BIGINT
);
CREATE UNIQUE INDEX directory_entries_now ON directory_entries (directory_id, path) WHERE until IS NULL;
CREATE INDEX directory_entries_by_path ON directory_entries (directory_id, path, since);
CREATE INDEX directory_entries_by_since ON directory_entries (directory_id, since);
CREATE INDEX directory_entries_by_until ON directory_entries (directory_id, until) WHERE until IS NOT NULL;
CREATE INDEX directory_entries_by_blob ON directory_entries (blob_id) WHERE blob_id IS NOT NULL;

-- Access to a directory: of a person, of a group of the hub, of the members of a course with at least that role, or of
-- everybody, who has neither.
CREATE TABLE directory_grants (
    id           INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    directory_id BIGINT   NOT NULL REFERENCES directories (id) ON DELETE CASCADE,
    person       TEXT,
    hub_group    TEXT,
    course_id    BIGINT REFERENCES courses (id) ON DELETE CASCADE,
    role         SMALLINT,
    level        SMALLINT NOT NULL,
    granted_by   TEXT     NOT NULL,
    granted_at   BIGINT   NOT NULL,
    CHECK ((course_id IS NULL) = (role IS NULL))
);
CREATE INDEX directory_grants_of ON directory_grants (directory_id);
CREATE INDEX directory_grants_to_person ON directory_grants (person) WHERE person IS NOT NULL;
CREATE INDEX directory_grants_to_group ON directory_grants (hub_group) WHERE hub_group IS NOT NULL;
CREATE INDEX directory_grants_to_course ON directory_grants (course_id) WHERE course_id IS NOT NULL;
CREATE INDEX directory_grants_by ON directory_grants (granted_by);

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

-- What the programs of members report of the deliveries at the starts of their servers.
CREATE TABLE starts (
    id        INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    course_id BIGINT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    person    TEXT   NOT NULL,
    -- The name of the directory, if the report has one.
    directory TEXT,
    at        BIGINT NOT NULL,
    outcome   TEXT   NOT NULL,
    millis    BIGINT NOT NULL,
    -- The version that the folder has.
    version   BIGINT,
    -- Further details as JSON, as the program sent them.
    report    TEXT
);
CREATE INDEX starts_of_course ON starts (course_id, id);
CREATE INDEX starts_by_outcome ON starts (course_id, outcome, id);
CREATE INDEX starts_by_person ON starts (course_id, person, directory, id);
CREATE INDEX starts_of_person ON starts (person);
CREATE INDEX starts_by_time ON starts (at);

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
CREATE INDEX shares_by_revoker ON shares (revoked_by);

-- Daily sums of the work on notebooks, as the programs of students report it. A day is the number of days since 1970-01-01, in
-- the time zone of the course.
CREATE TABLE activity (
    course_id BIGINT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    person    TEXT NOT NULL,
    day       BIGINT NOT NULL,
    path      TEXT NOT NULL,
    opens     BIGINT NOT NULL,
    saves     BIGINT NOT NULL,
    minutes   BIGINT NOT NULL,
    PRIMARY KEY (course_id, person, day, path)
) WITHOUT ROWID;
CREATE INDEX activity_by_path ON activity (course_id, path);
CREATE INDEX activity_of_person ON activity (person);
CREATE INDEX activity_by_day ON activity (day);

-- The key that signs sessions and receipts, where several servers share the database. It has the ID 1. In an embedded
-- database the table is empty, and the key is a file beside it.
CREATE TABLE signing_keys (
    id  INTEGER PRIMARY KEY NOT NULL,
    key BLOB    NOT NULL
);

-- Sessions and logins that ended before they expired, where several servers share the database. In an embedded database
-- the table is empty: its one server remembers them.
CREATE TABLE ended_sessions (
    id         TEXT   PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ended_sessions_by_time ON ended_sessions (expires_at);

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

-- Trees and contents that lost a row which named them. The regular clean-up looks at these and at new contents, since looking
-- at all would take longer with every term. An ID may be here although the row is still named, or gone.
CREATE TABLE loose_trees (
    tree_id INTEGER PRIMARY KEY NOT NULL
);
CREATE TABLE loose_blobs (
    blob_id INTEGER PRIMARY KEY NOT NULL
);

-- How far the clean-up has looked. There is one row.
CREATE TABLE clean_ups (
    id          INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    -- The contents with IDs up to this one were looked at after they had arrived.
    blobs_up_to BIGINT NOT NULL,
    -- The last time at which all trees and contents were looked at.
    whole_at    BIGINT NOT NULL
);
INSERT INTO clean_ups (id, blobs_up_to, whole_at) VALUES (1, 0, 0);

CREATE TRIGGER releases_leave AFTER DELETE ON releases BEGIN
    INSERT INTO loose_trees (tree_id) VALUES (OLD.tree_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER submissions_leave AFTER DELETE ON submissions BEGIN
    INSERT INTO loose_trees (tree_id) VALUES (OLD.tree_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER feedback_leave AFTER DELETE ON feedback BEGIN
    INSERT INTO loose_trees (tree_id) VALUES (OLD.tree_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER tree_files_leave AFTER DELETE ON tree_files BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.blob_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER directory_entries_leave AFTER DELETE ON directory_entries WHEN OLD.blob_id IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.blob_id) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER shares_leave_page_blob AFTER DELETE ON shares WHEN OLD.page_blob IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.page_blob) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER shares_leave_source_blob AFTER DELETE ON shares WHEN OLD.source_blob IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.source_blob) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER shares_change_page_blob AFTER UPDATE OF page_blob ON shares WHEN OLD.page_blob IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.page_blob) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER shares_change_source_blob AFTER UPDATE OF source_blob ON shares WHEN OLD.source_blob IS NOT NULL BEGIN
    INSERT INTO loose_blobs (blob_id) VALUES (OLD.source_blob) ON CONFLICT DO NOTHING;
END;
