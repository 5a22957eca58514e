# The figures of a course.

figures-title = Figures
figures-explained = Only students of the course count. The last submission of a student to an assignment counts, with the student's own due time.
figures-none = There are no figures before the first assignment is released.
figures-submitted = Submitted, by assignment
figures-feedback = With feedback
figures-wait = Wait for feedback
figures-wait-explained = The wait is the time from the due time until half of the students with feedback had their first feedback.
figures-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
figures-older = { $n ->
    [one] { $n } older assignment is not listed here.
   *[other] { $n } older assignments are not listed here.
}
figures-before-due = Time left when students submitted
figures-span = Before the due time
before-3-days = more than 3 days
before-1-day = 1 to 3 days
before-6-hours = 6 to 24 hours
before-1-hour = 1 to 6 hours
before-due = the last hour
after-due = late
figures-times = Submissions of a student to an assignment
figures-how-often = How often
figures-hours = Submissions by day and hour
figures-from = From
hours-explained = { $n ->
    [one] An hour has a number if at least { $n } student submitted in it.
   *[other] An hour has a number if at least { $n } different students submitted in it. Smaller groups are not shown.
}
hours-none = No hour has enough students yet.
figures-weeks = Students seen, by week
weeks-explained = The exchange sees a student who submits, fetches an assignment or reads feedback. Of repeated fetches and readings it keeps the first and the last. The table has at most one year.
weeks-none = No student was seen yet.
figures-week = Week from
weeks-seen = In this week
weeks-so-far = Until then
