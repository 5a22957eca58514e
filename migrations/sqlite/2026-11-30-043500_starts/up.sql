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
