# The roster, the events and the trash of a course.

people-title = People
activity-title = Activity
trash-title = Trash
role = Role
role-student = student
role-assistant = assistant
role-instructor = instructor
by-group = by a group of JupyterHub
add-person = Add a person, or change their details
add-button = Add
user-name = User name
user-name-help = As JupyterHub has it.
first-name = First name
last-name = Last name
email = Address
nobody-in-course = Nobody is in this course.
take-off = Remove
take-off-title = Remove a person
take-off-explained = { $name } will not see the course any more. Their submissions and feedback stay. You can add them again.
no-user-name = This cannot be a user name. Nothing was changed.
no-role = Choose a role. Nothing was changed.

trash-kept = { $n ->
    [one] Deleted things can be restored for { $n } day.
   *[other] Deleted things can be restored for { $n } days.
}
trash-empty = Nothing can be restored.
thing = What
deleted-at = Deleted
removed-at = Goes for good
restore = Restore
trash-assignment = Assignment { $name }
submission-count = { $n ->
    [one] { $n } submission
   *[other] { $n } submissions
}
trash-submission = Submission of { $name } to
trash-feedback = Feedback for { $name } on
done-restored = It was restored.
nothing-chosen = Nothing was chosen. Nothing was changed.

activity-empty = Nothing has happened yet.
activity-none = No event fits this filter. Show
activity-who = User name
activity-what = What
activity-everything = everything
activity-submissions = submissions
activity-refusals = refused submissions
activity-feedback = feedback
activity-releases = releases
activity-dates = dates and more time
activity-people = people
activity-material = material and shared pages
activity-course = the course itself
activity-from = From
activity-to = To
activity-no-date = This is no date. Write it as 2027-02-01.
person-refusals = Refused submissions
person-activity = All activity of this person
what-happened = What happened
earlier = earlier
event-course-created = { $actor } created the course
event-course-deleted = { $actor } deleted the course
event-course-restored = { $actor } restored the course
event-course-changed = { $actor } changed the settings of the course
event-roster-changed = { $actor } changed the roster
event-roster-removed = { $actor } removed { $subject } from the roster
event-released = { $actor } released { $assignment }
event-unreleased = { $actor } withdrew { $assignment }
event-assignment-deleted = { $actor } deleted { $assignment }
event-assignment-restored = { $actor } restored { $assignment }
event-dates-set = { $actor } set the dates of { $assignment }: due { $due }, before { $was }
event-extension-set = { $actor } gave { $subject } more time for { $assignment }: due { $due }
event-extension-removed = { $actor } removed the extension of { $subject } for { $assignment }
event-allowance-set = { $n ->
    [one] { $actor } gave { $subject } { $n } hour more for every assignment
   *[other] { $actor } gave { $subject } { $n } hours more for every assignment
}
event-allowance-removed = { $actor } removed the allowance of { $subject }
event-submitted = { $actor } submitted to { $assignment }
event-submitted-for = { $actor } submitted to { $assignment } for { $subject }
event-refused = A submission of { $subject } to { $assignment } was refused
event-submission-deleted = { $actor } deleted a submission of { $subject } to { $assignment }
event-submission-restored = { $actor } restored a submission of { $subject } to { $assignment }
event-feedback-given = { $actor } gave { $subject } feedback on { $assignment }
event-feedback-deleted = { $actor } deleted the feedback for { $subject } on { $assignment }
event-feedback-restored = { $actor } restored the feedback for { $subject } on { $assignment }
event-imported = { $actor } imported data
event-imported-submission = { $actor } imported work of { $subject } for { $assignment }
event-imported-assignment = { $actor } imported { $assignment }
event-joined = { $actor } joined by a group of JupyterHub
event-left = { $actor } left by a group of JupyterHub
event-other = { $actor }: { $action }
actor-operator = An operator
actor-server = The exchange
event-trash-emptied = { $actor } removed things from the trash for good, whose time was over
event-events-forgotten = { $actor } removed events whose time was over
event-example-data = { $actor } replaced all data by example data, or removed it
event-user-renamed = { $actor } renamed { $formerly } to { $subject }
event-user-merged = { $actor } gave everything of { $formerly } to { $subject }
event-user-set-aside = { $actor } set the work of { $formerly } aside as { $subject }
event-user-purged = { $actor } removed a person, whose name is now { $subject }
