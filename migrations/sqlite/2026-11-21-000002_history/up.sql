-- Dates, trash, who did what, and submissions that are recognised when they come twice.
-- The foreign keys are not enforced while migrating; they are checked at the end.

-- The name of a deleted assignment is free at once, so names are unique among the others only. SQLite takes a
-- constraint off a table only by making the table anew.
CREATE TABLE assignments_new (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    course_id       INTEGER NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    -- What is shown; NULL while unreleased. Submissions stay either way.
    current_release INTEGER REFERENCES releases (id) DEFERRABLE INITIALLY DEFERRED,
    -- Not shown to students before this time.
    opens_at        BIGINT,
    -- Late after this time,
    due_at          BIGINT,
    -- and refused after this.
    cutoff_at       BIGINT,
    deleted_at      BIGINT
);
INSERT INTO assignments_new (id, course_id, name, current_release)
    SELECT id, course_id, name, current_release FROM assignments;
DROP TABLE assignments;
ALTER TABLE assignments_new RENAME TO assignments;
CREATE UNIQUE INDEX assignments_by_name ON assignments (course_id, name) WHERE deleted_at IS NULL;
CREATE INDEX assignments_by_release ON assignments (current_release);
-- For what goes with a course that is removed for good.
CREATE INDEX assignments_by_course ON assignments (course_id);

-- Dates of one student in the place of the assignment's.
CREATE TABLE extensions (
    assignment_id INTEGER NOT NULL REFERENCES assignments (id) ON DELETE CASCADE,
    student       TEXT    NOT NULL,
    due_at        BIGINT,
    cutoff_at     BIGINT,
    PRIMARY KEY (assignment_id, student)
) WITHOUT ROWID;

-- Who handed it in, where that was not the student.
ALTER TABLE submissions ADD COLUMN submitted_by TEXT;
ALTER TABLE submissions ADD COLUMN deleted_at BIGINT;
ALTER TABLE feedback ADD COLUMN deleted_at BIGINT;

-- The keys by which a client's second attempt at one submission is recognised.
CREATE TABLE submission_keys (
    assignment_id INTEGER NOT NULL REFERENCES assignments (id) ON DELETE CASCADE,
    student       TEXT    NOT NULL,
    idempotency   TEXT    NOT NULL,
    submission_id INTEGER NOT NULL REFERENCES submissions (id) ON DELETE CASCADE,
    PRIMARY KEY (assignment_id, student, idempotency)
) WITHOUT ROWID;
CREATE INDEX submission_keys_by_submission ON submission_keys (submission_id);

-- Who did what. Names rather than rows, since an event outlives what it tells of.
CREATE TABLE events (
    id            INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at            BIGINT NOT NULL,
    action        TEXT   NOT NULL,
    -- Who did it,
    actor         TEXT   NOT NULL,
    -- and for or to whom, where that is somebody else or somebody at all.
    subject       TEXT,
    course        TEXT,
    assignment    TEXT,
    submission_id BIGINT,
    -- More about it, as JSON.
    detail        TEXT,
    request_id    TEXT
);
CREATE INDEX events_by_course ON events (course, id);
CREATE INDEX events_by_time ON events (at);
