-- Whether the work on notebooks is counted in a course.
ALTER TABLE courses ADD COLUMN activity BOOLEAN NOT NULL DEFAULT FALSE;

-- Daily sums of the work on notebooks, as the programs of students report it. A day is the number of days since 1970-01-01, in
-- the time zone of the course.
CREATE TABLE activity (
    course_id BIGINT NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    person    TEXT COLLATE "C" NOT NULL,
    day       BIGINT NOT NULL,
    path      TEXT COLLATE "C" NOT NULL,
    opens     BIGINT NOT NULL,
    saves     BIGINT NOT NULL,
    minutes   BIGINT NOT NULL,
    PRIMARY KEY (course_id, person, day, path)
);
CREATE INDEX activity_by_path ON activity (course_id, path);
CREATE INDEX activity_of_person ON activity (person);
CREATE INDEX activity_by_day ON activity (day);
