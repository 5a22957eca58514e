# The work of students on the notebooks of a course.

settings-activity = Count the work of students on notebooks
settings-activity-help = For each student, notebook and day, the exchange keeps how often the notebook was opened and saved, and the minutes of work. The page of the course tells students that work is counted. They see their own figures.
notebooks-title = Work on notebooks
notebooks-counted = The work on notebooks is counted in this course.
notebooks-see-own = See your own figures
notebooks-off = The work on notebooks is not counted in this course. Earlier figures are kept for a limited time.
notebooks-explained = For each student, notebook and day, the exchange keeps how often the notebook was opened and saved, and the minutes in which it was run or saved. The students' own servers report this, so it proves nothing. Times of day and contents are not kept.
notebooks-own-explained = The work on notebooks is counted in this course. For each notebook and day, the exchange keeps how often you opened and saved it, and the minutes in which you ran or saved it. Times of day and contents are not kept. Instructors and assistants of the course see these figures. Other students do not.
notebooks-none = There was no work.
notebooks-by-student = By student
notebooks-by-notebook = By notebook
notebooks-by-day = By day
notebooks-all = Show all
notebooks-student = Student
notebooks-notebook = Notebook
notebooks-day = Day
notebooks-students = Students
notebooks-notebooks = Notebooks
notebooks-opens = Opened
notebooks-saves = Saved
notebooks-minutes = Minutes
notebooks-last-day = Last day
notebooks-more = Show more
notebooks-table = Save as a table
