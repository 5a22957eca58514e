# The settings of a course.

settings-title = Settings
settings-course-title = Title
settings-title-help = People see it before the name { $name }, which stays.
settings-zone = Time zone
settings-zone-help = The times of the course are shown in this zone. Without it, they are shown in the zone of the exchange.
settings-wrong-title = The title is longer than 200 bytes, or has a character that cannot be shown. Nothing was changed.
settings-wrong-zone = There is no such time zone. Write one such as Europe/Berlin. Nothing was changed.
settings-other-name = This is not the name of the course. Nothing was changed.
settings-limits = Limits
settings-limits-by = The people who run the exchange have set them.
limit-none = none
limit-file = Size of a file
limit-files = Number of files at once
limit-tree = Size of all files at once
limit-submissions = Submissions of one person to one assignment
limit-person = Size of all submissions, directories and shared pages of one person
limit-course = Size of the course
limit-trash = Time in the trash
days-long = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
settings-config = nbgrader_config.py
settings-config-help = Instructors of the course put these lines into their nbgrader_config.py:
delete-course = Move the course to the trash
delete-course-explained = Nobody will see the course any more. Administrators of the exchange can restore it with everything in it.
delete-course-type = Type its name, { $name }
