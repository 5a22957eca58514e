-- Sessions and logins that ended before they expired, so that all servers of the database refuse them.
CREATE TABLE ended_sessions (
    id         TEXT COLLATE "C" PRIMARY KEY NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX ended_sessions_by_time ON ended_sessions (expires_at);
