DROP INDEX submissions_by_student;
