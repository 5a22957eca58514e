-- When the hub made the account that a name stands for. A later account of the name is somebody else's, who inherits
-- nothing. The ids also number the names in the place of removed ones, and are never used again.
CREATE TABLE people (
    id              INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    username        TEXT    NOT NULL UNIQUE,
    account_made_at BIGINT  NOT NULL
);
