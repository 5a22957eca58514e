-- How much somebody has stored is asked with each of their submissions, where that has a limit.
CREATE INDEX submissions_by_student ON submissions (student, assignment_id);
