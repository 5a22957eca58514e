-- The title that people see, and the IANA name of the time zone in which the course's dates are meant.
ALTER TABLE courses ADD COLUMN title TEXT;
ALTER TABLE courses ADD COLUMN time_zone TEXT;
-- A note of those who teach about the reason of an extension.
ALTER TABLE extensions ADD COLUMN note TEXT;
