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
