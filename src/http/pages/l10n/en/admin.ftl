# The pages of administrators.

nav-admin = Administration
admin-state = State
admin-courses = Courses
admin-people = People
admin-storage = Storage
admin-settings = Settings
admin-registrars = Who may enrol

level-ok = In order
level-warning = Should be changed:
level-wrong = Does not work:
all-is-well = All is well.
stored = Stored
submissions-lately = submissions in five minutes
refusals-lately = refused submissions in a day
running-version = This is nbcourier { $version }.
running-since = Running since

make-course = Make a course
course-name = Name of the course
course-name-help = It stands in the files nbgrader_config.py and cannot be changed later.
instructors-field = User names of instructors, one per line
instructors-help = Members of the group formgrade-COURSE of JupyterHub are instructors, too, unless the settings name other groups.
make = Make
no-course-name = This cannot be the name of a course. Write it without slashes and without invisible characters. Nothing was made.
no-such-name = { $name } cannot be a user name. Nothing was made.
done-course = The course { $name } is there.
unknown-teachers = The exchange has not seen these names before: { $names }. If a name is misspelt, that person does not see the course.
courses-found = { $n ->
    [one] { $n } course
   *[other] { $n } courses
}
no-courses = There are no courses yet.
no-course-fits = No course has this text in its name or title.
all-courses = all courses
taught-by = Taught by
and-more = { $n ->
    [one] { $names } and { $n } more
   *[other] { $names } and { $n } more
}
submissions = Submissions
last-used = Last used
size-of = { $size } of { $limit }
previous-courses = previous courses
next-courses = next courses
sizes-later = The sizes are being counted. Reload the page in a moment.

name-or-part = User name, or a part of a name
account-made = Account made
former-owners = Work of former owners of the name
in-trash = in the trash
commands = Commands
commands-explained = These changes have no page, since most of them cannot be undone. Run the commands on the machine of the exchange, as its user. Add --data-dir if the server has that setting.
command-show = Show everything that is stored under the name:
command-rename = Give the person another name:
command-merge = Give everything to another name of the same person:
command-export = Write everything about the person into an archive:
command-purge = Remove the person for good:
command-adopt = Give the work of the former owner back, if it is the same person:
nothing-under-name = Nothing is stored under the name { $name }.
similar-people = Names that contain it

disk = Disk
free-of = { $free } of { $total } are free
bucket = Bucket with large files
database = Database
contents = Stored contents
contents-of = { $n ->
    [one] { $size } in { $n } content; equal files count once
   *[other] { $size } in { $n } contents; equal files count once
}
removed-objects = Objects that wait for their deletion
object-count = { $n ->
    [one] { $n } object
   *[other] { $n } objects
}
trash-courses = { $n ->
    [one] { $n } course is in the trash.
   *[other] { $n } courses are in the trash.
}
trash-assignments = { $n ->
    [one] { $n } assignment was deleted by itself.
   *[other] { $n } assignments were deleted by themselves.
}
trash-submissions = { $n ->
    [one] All in all, this is { $n } submission.
   *[other] All in all, these are { $n } submissions.
}
trash-bytes = Their files have { $size }. Files that other work has too stay when the trash is emptied.
clean-up-frees = A clean-up now frees at most { $size }.
clean-up-frees-nothing = A clean-up now frees nothing of the trash, because no deleted submission is over its time.
clean-up-by-hand = The server cleans up every hour. By hand:
deleted-courses = Deleted courses
largest-courses = Largest courses
largest-people = People with the most
counted-at = Counted
counted-how = Equal files of a person in a course count once, as for the limits.

trash-of-courses = What was deleted in a course is in the trash of that course.
more-courses = There are more. All of them are listed by

settings-explained = The settings of this server, in the order of the help. Secrets are left out. The same is printed by
setting = Setting
value = Value
set-by = Set by
by-default = default

registrars-group = Members of the group { $group } of JupyterHub keep all rosters.
registrars-none = Nobody keeps rosters without teaching the course or being an administrator.
registrars-how = To let others do it, put them into a group of JupyterHub, and name it:
registrars-may = Registrars see and change who is a student in any course. They read no work and appoint nobody.
teachers-may = Instructors keep the rosters of their own courses, and appoint assistants.
admins-may = Administrators named in the settings, who may everything: { $admins }
