-- What is in the trash is in no listing: the index that holds a whole listing says which that is.
DROP INDEX submissions_by_time;
CREATE INDEX submissions_by_time ON submissions (assignment_id, submitted_at, student, deleted_at);

-- For listing what can be restored, and removing what no longer can.
CREATE INDEX assignments_in_trash ON assignments (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX submissions_in_trash ON submissions (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX feedback_in_trash ON feedback (deleted_at) WHERE deleted_at IS NOT NULL;

-- The name of a course may be used again, its id never: what happened in an earlier course is not told in a later one.
-- No reference, since an event outlives what it tells of.
ALTER TABLE events ADD COLUMN course_id INTEGER;
UPDATE events SET course_id =
    (SELECT id FROM courses WHERE courses.name = events.course AND courses.deleted_at IS NULL);
DROP INDEX events_by_course;
CREATE INDEX events_by_course ON events (course_id, id);
