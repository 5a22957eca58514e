-- Sessions and logins that ended before they expired, where several servers share the database. In an embedded database
-- the table is empty: its one server remembers them.
CREATE TABLE ended_sessions (
    id         TEXT   PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ended_sessions_by_time ON ended_sessions (expires_at);
