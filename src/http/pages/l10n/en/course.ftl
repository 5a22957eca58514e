# The pages of those who read all work.

course-empty = There are no assignments yet.
course-empty-release = An assignment appears here when it is released in Formgrader or with
as-student = as students see it
everybody-title = Everybody and every assignment
everybody-signs = ✓ in time, L late, F feedback given, – not submitted
everybody-more = There are more students. All of them are listed by
number-submitted = submitted
number-missing = not yet
number-late = late
of-them-extended = { $n ->
    [one] { $n } of them has more time
   *[other] { $n } of them have more time
}
in-last-minute = in the last minute
service-line = { $n ->
    [one] The exchange takes submissions. { $n } came in the last five minutes.
   *[other] The exchange takes submissions. { $n } came in the last five minutes.
}
curve-label = The number of people who have submitted, over time
curve-table = The same as a table
until = until
state-not-released = not released
state-opens-later = opens later
state-released = released
released-version = released, version { $version }
state-extended = not yet; more time, until { $time }
now = Now
pause = Pause
live-stale = The exchange does not answer. These numbers are older.
people = Students
find = Find
show = Show
show-all = everybody
show-missing = not submitted yet
show-late = late
show-in-time = in time
show-extended = with more time
show-no-feedback = without feedback
show-others = not enrolled any more
rows-shown = { $number } shown
nobody-enrolled = Nobody is enrolled, and nobody has submitted.
nobody-fits = Nobody fits this filter.
give-more-time = Give more time
all-as-zip = Newest submissions as zip
too-many-for-zip = The class is too large for one archive. Use nbgrader collect.
skip-table = skip the table
choose-all = choose all that are shown
last-submitted = Last submitted
times = Times
not-enrolled = not enrolled any more
next-rows = next students
given = given
outdated = on an earlier submission
change-dates = change the dates
have-more-time = { $n ->
    [one] { $n } student has more time
   *[other] { $n } students have more time
}

dates-title = Dates
opens = Opens
opens-at-once = at once
never = never
date-field = Date
time-field = Time
no-time = This is no date and time. Write the date as 2027-02-01 and the time as 23:59.
time-skipped = The clocks skip this time. The nearest times are { $before } and { $after }.
form-has-errors = Nothing was changed, because a date cannot be read.
changed-meanwhile = The dates were changed meanwhile. Nothing was changed now. Look at the consequences again.
see-consequences = See the consequences
set-dates = Set these dates
back = Back
later-minutes = { $n ->
    [one] { $n } minute later
   *[other] { $n } minutes later
}
later-hours = { $n ->
    [one] { $n } hour later
   *[other] { $n } hours later
}
later-days = { $n ->
    [one] { $n } day later
   *[other] { $n } days later
}
would-be-in-time = { $n ->
    [one] { $n } submission that is late now would be in time.
   *[other] { $n } submissions that are late now would be in time.
}
would-be-late = { $n ->
    [one] { $n } submission that is in time now would be late.
   *[other] { $n } submissions that are in time now would be late.
}
would-be-useless = { $n ->
    [one] { $n } extension would end before the time for everybody.
   *[other] { $n } extensions would end before the time for everybody.
}

more-time-title = More time
for-everybody = For everybody:
user-names = User names, one per line
chosen-names = Chosen: { $names }
days-later = Later by
days = Days
nobody-extended = Nobody has more time.
extended-title = Students with more time
take-back = Take back
more-time-always = Always, for every assignment of this course
always-more = { $n ->
    [one] always { $n } hour more
   *[other] always { $n } hours more
}
hours-more = Hours more
no-hours = Write the number of hours, from 1 to 8760.
allowance-title = Always more time
allowance-now = { $n ->
    [one] This student has { $n } hour more for every assignment of this course.
   *[other] This student has { $n } hours more for every assignment of this course.
}
allowance-none = This student has no allowance.
allowance-explained = The hours are added to the due time and the cut-off for everybody, of past assignments too. An extension counts where it is later. A day has 24 hours.
allowance-give = Give always
would-extend = { $n ->
    [one] { $n } student gets time until { $time }.
   *[other] { $n } students get time until { $time }.
}
would-allow = { $n ->
    [one] { $n } student always gets more time in this course. Hours more: { $hours }.
   *[other] { $n } students always get more time in this course. Hours more: { $hours }.
}
would-be-replaced = { $n ->
    [one] { $n } of them has other time of their own now, which this replaces.
   *[other] { $n } of them have other time of their own now, which this replaces.
}
nobody-chosen = Nobody was chosen. Write the user name of each student on a line.
too-many-chosen = { $n ->
    [one] At most { $n } student gets more time at once.
   *[other] At most { $n } students get more time at once.
}
no-days = Write the number of days, from 1 to 365.
no-due-to-extend = The assignment has no due time. Choose a date.
nobody-of-name = Nobody named { $name } is in this class. Nothing was changed.
note-field = Note
note-help = Those who teach see it in the events. The student does not.
note-too-long = { $n ->
    [one] The note is longer than { $n } character.
   *[other] The note is longer than { $n } characters.
}
