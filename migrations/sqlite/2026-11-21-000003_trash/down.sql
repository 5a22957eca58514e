DROP INDEX events_by_course;
CREATE INDEX events_by_course ON events (course, id);
ALTER TABLE events DROP COLUMN course_id;
DROP INDEX feedback_in_trash;
DROP INDEX submissions_in_trash;
DROP INDEX assignments_in_trash;
DROP INDEX submissions_by_time;
CREATE INDEX submissions_by_time ON submissions (assignment_id, submitted_at, student);
