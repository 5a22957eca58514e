-- Who was seen in which group of the hub, by the course the group names. The course need not exist (yet).
CREATE TABLE hub_members (
    username   TEXT    NOT NULL,
    course     TEXT    NOT NULL,
    instructor BOOLEAN NOT NULL,
    PRIMARY KEY (username, course)
) WITHOUT ROWID;
CREATE INDEX hub_members_by_course ON hub_members (course);
