-- The role of a member in a course: 1 is a student, 2 an assistant, 3 an instructor. Of two roles, the greater counts.
ALTER TABLE members ADD COLUMN role SMALLINT NOT NULL DEFAULT 1 CHECK (role BETWEEN 1 AND 3);
UPDATE members SET role = 3 WHERE instructor;
ALTER TABLE members DROP COLUMN instructor;
ALTER TABLE hub_members ADD COLUMN role SMALLINT NOT NULL DEFAULT 1 CHECK (role BETWEEN 1 AND 3);
UPDATE hub_members SET role = 3 WHERE instructor;
ALTER TABLE hub_members DROP COLUMN instructor;
