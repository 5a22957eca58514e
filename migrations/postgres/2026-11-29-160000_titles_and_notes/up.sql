-- The title that people see, and the IANA name of the time zone in which the course's dates are meant.
ALTER TABLE courses ADD COLUMN title TEXT COLLATE "C";
ALTER TABLE courses ADD COLUMN time_zone TEXT COLLATE "C";
-- A note of those who teach about the reason of an extension.
ALTER TABLE extensions ADD COLUMN note TEXT COLLATE "C";
