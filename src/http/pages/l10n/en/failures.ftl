# Refusals and failures.

failure-refused = This was refused
failure-nothing = Nothing is here
failure-form = The form is wrong
failure-later = Please try again later
failure-internal = Something is broken

failure-no-page = There is no page with this address.
failure-no-course = There is no such course.
failure-no-assignment = There is no such assignment that you may see. It may not be open yet, or it was withdrawn.
failure-no-person = There is no such person in the course.
failure-no-version = There is no such version.
failure-no-submission = There is no such submission.
failure-no-submission-number = There is no submission { $number }.
failure-no-feedback = There is no feedback on this submission.
failure-no-extension = This student has no extension.
failure-no-allowance = This student has no allowance.
failure-no-login = There is no login here, because the exchange runs without a hub.
failure-course-exists = A course of this name exists already.
failure-assignment-exists = An assignment of this name exists already.
failure-denied = You may not see or do this. You are { $name }.
failure-instructors = Only administrators of the exchange appoint and remove instructors. You are { $name }.
failure-instructor-as-student = A person who teaches in the course cannot be its student.
failure-by-group = This role comes from the group { $group } of JupyterHub. Remove the person from that group instead.
failure-changed-meanwhile = Somebody else changed this meanwhile. Nothing was changed now.
failure-too-late = It is too late: nothing is accepted after { $time }. Nothing was stored.
failure-dates = An assignment opens first, then is due, then is refused. Correct the order of the dates.
failure-file-size = A file is larger than { $size }, the limit. Nothing was stored.
failure-request-size = The files are together larger than { $size }, the limit. Nothing was stored.
failure-files = { $n ->
    [one] There are more files than { $n }, the limit. Nothing was stored.
   *[other] There are more than { $n } files, the limit. Nothing was stored.
}
failure-paths = The names of the files are too long together. Nothing was stored.
failure-submissions = { $n ->
    [one] You have submitted { $n } time, which is the limit. Nothing was stored.
   *[other] You have submitted { $n } times, which is the limit. Nothing was stored.
}
failure-own-quota = Your submissions, directories and shared pages would exceed { $size }, the limit for one person. Nothing was stored.
failure-course-quota = The course would exceed { $size }, its limit. Nothing was stored.
failure-space = The exchange is short of disk space. Nothing was stored.
failure-changed = The files changed while they were sent. Nothing was stored.
failure-former = This session belongs to an earlier account of the name { $name }.
failure-maybe-done = The database did not answer in time, so the change may have been made.
failure-damage = A stored file is damaged. Nothing of yours was changed.
failure-storage = The exchange cannot reach its storage. Nothing was changed.
failure-bug = An error of the exchange itself prevented this. Its cause is in the log.
failure-media = The browser sent the form in a form that is not read here.
failure-odd-form = The form exceeds a limit of the exchange. Nothing was stored.
failure-field-size = A field is longer than { $size }. Shorten it. Nothing was stored.
failure-too-many-items = { $n ->
    [one] The list has more than { $n } item. Nothing was stored.
   *[other] The list has more than { $n } items. Nothing was stored.
}
failure-timeout = The upload stopped. Nothing was stored.
failure-rate = Too many requests came in a short time.
failure-open = You have too many open requests or uploads.
failure-read-only = These pages only show. Use a command to change something.
failure-unknown = Your browser has no session here.
failure-hub = JupyterHub does not answer.
failure-other-site = This request came from another site.
failure-session = The page was too old, or you were logged out meanwhile. Nothing was changed.
failure-not-opened = This address is a page for people.
failure-host = Without a hub, this exchange answers only on this machine.
failure-login = This login did not begin in this browser, or it began too long ago.

failure-help-again = Try again in a moment.
failure-help-wait = Wait some seconds, then try again.
failure-help-reload = Go back, reload the page and try again.
failure-help-tab = Open it in a tab of the browser.
failure-help-login = Log in again.
failure-help-look = Look whether it was made before you try again.
failure-help-operator = Tell the people who run the exchange.
failure-help-instructor = If you should be able to do this, ask the instructor of the course.
failure-help-instructor-time = Ask the instructor of the course for more time.
failure-help-leave-out = Leave out large files that are not needed.
