-- The hours that a student of a course always has more than everybody, for every assignment, with a note of those who teach.
CREATE TABLE allowances (
    course_id BIGINT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    student   TEXT NOT NULL,
    hours     BIGINT NOT NULL,
    note      TEXT,
    PRIMARY KEY (course_id, student)
) WITHOUT ROWID;
CREATE INDEX allowances_of_student ON allowances (student);
