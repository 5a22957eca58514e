-- Who has fetched which version of an assignment. Times are those of the first and of the last fetch that was noted. A
-- fetch within ten minutes of the one before is not noted.
CREATE TABLE fetches (
    release_id BIGINT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    student    TEXT COLLATE "C" NOT NULL,
    first_at   BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,
    times      BIGINT NOT NULL,
    PRIMARY KEY (release_id, student)
);
CREATE INDEX fetches_by_student ON fetches (student);

-- When students have read the feedback on their submissions, by the same rules.
CREATE TABLE feedback_readings (
    feedback_id BIGINT PRIMARY KEY NOT NULL REFERENCES feedback (id) ON DELETE CASCADE,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    times       BIGINT NOT NULL
);
