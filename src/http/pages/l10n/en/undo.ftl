# What the reader has done just now, and taking it back.

undo = Undo
taken-back = taken back
did-undo = This was taken back:
did-dates = The dates of { $assignment } are set: due { $due }, before { $was }.
did-extension = { $subject } has more time for { $assignment }: due { $due }.
did-extensions = { $n ->
    [one] { $n } student has more time for { $assignment }.
   *[other] { $n } students have more time for { $assignment }.
}
did-extension-removed = { $subject } has no extension for { $assignment } any more.
did-allowance = { $n ->
    [one] { $subject } always has { $n } hour more in this course.
   *[other] { $subject } always has { $n } hours more in this course.
}
did-allowances = { $n ->
    [one] { $n } student always has more time in this course.
   *[other] { $n } students always have more time in this course.
}
did-allowance-removed = { $subject } has no allowance in this course any more.
now-in-time = { $n ->
    [one] { $n } latest submission that was late is in time now.
   *[other] { $n } latest submissions that were late are in time now.
}
now-late = { $n ->
    [one] { $n } latest submission that was in time is late now.
   *[other] { $n } latest submissions that were in time are late now.
}
did-release = Version { $version } of { $assignment } is released.
did-unrelease = { $assignment } is not released any more.
did-add = { $subject } is in the course, as { $role }.
did-change = The details of { $subject } are changed.
did-roster = The roster is changed: { $added } added, { $changed } changed.
did-roster-removed = { $subject } was removed from the roster.
did-course-changed = The settings of the course are changed.
did-delete-assignment = { $assignment } was moved to the trash.
did-restore-assignment = { $assignment } was restored.
did-delete-submission = A submission of { $subject } to { $assignment } was moved to the trash.
did-restore-submission = A submission of { $subject } to { $assignment } was restored.
did-delete-feedback = The feedback for { $subject } on { $assignment } was moved to the trash.
did-restore-feedback = The feedback for { $subject } on { $assignment } was restored.
