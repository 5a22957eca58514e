# Words that many pages share, and the pages for everybody.

## The frame
skip-to-content = Skip to the content
nav-main = Main
nav-path = Path
nav-tabs = Pages of this section
nav-courses = My courses
nav-hub = JupyterHub
nav-help = Help
nav-logout = Log out
times-in = Times are in the zone { $zone }.
change-settings = Change language and theme
contact = The people who run this exchange: { $contact }
request-id = Request { $id }. Give this number to the people who run the exchange.

## Times
weekday-1 = Mon
weekday-2 = Tue
weekday-3 = Wed
weekday-4 = Thu
weekday-5 = Fri
weekday-6 = Sat
weekday-7 = Sun
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec
date = { $weekday } { $day } { $month }
date-with-year = { $weekday } { $day } { $month } { $year }
time-own = { $time } for you
just-now = just now
in-a-moment = in a moment
in-minutes = { $n ->
    [one] in { $n } minute
   *[other] in { $n } minutes
}
minutes-ago = { $n ->
    [one] { $n } minute ago
   *[other] { $n } minutes ago
}
in-hours = { $n ->
    [one] in { $n } hour
   *[other] in { $n } hours
}
hours-ago = { $n ->
    [one] { $n } hour ago
   *[other] { $n } hours ago
}
in-days = { $n ->
    [one] in { $n } day
   *[other] in { $n } days
}
days-ago = { $n ->
    [one] { $n } day ago
   *[other] { $n } days ago
}

## Terms
assignment = Assignment
course = Course
student = Student
due = Due
state = State
files = Files
receipt = Receipt
bytes = bytes
submitted-at = Submitted
refused-after = Refused after
state-submitted = submitted
state-missing = not yet
state-in-time = in time
state-late = late
next-due = Next due
nothing-due = nothing
submitted-by = Submitted by
students = { $n ->
    [one] { $n } student
   *[other] { $n } students
}
file-count = { $n ->
    [one] { $n } file
   *[other] { $n } files
}
save = Save
saved = Saved.

## Home
home-title = My courses
home-due = Due next
home-feedback = New feedback
home-taught = Courses that you teach
home-taken = Courses that you take
home-more = You are in more courses than these.
home-none = You are in no course yet. Your instructor can enrol you. After that, reload this page.
home-none-name = Your user name is { $name }. Tell it to your instructor.
home-missing-course = If a course is missing, your groups may have changed since you logged in.
home-set-aside = Work of an earlier account with your name was set aside on { $days }, because JupyterHub has created the account anew. Nothing of it is lost.
home-set-aside-ask = If that account was yours, ask the administrators of this JupyterHub to give the work back to you.
home-set-aside-ask-admins = If that account was yours, ask an administrator of this exchange ({ $admins }) to give the work back to you.

## Login
log-in-again = Log in again
claim-title = Your name
claim-explained = This exchange runs stand-alone, for trying it out. Everybody is the person they say they are.
claim-name = User name
claim-go = Go on
claim-refused = This cannot be a user name. Use letters, digits and dashes.
claim-admins = Administrators, who see everything: { $names }
logged-out-title = Logged out
logged-out = You are logged out here. JupyterHub still knows you: log out there as well if others use this browser.

## Help
help-title = Help
help-configure = Point nbgrader here
help-on-hub = In a notebook server that this JupyterHub started, put this into nbgrader_config.py:
help-elsewhere = Elsewhere, name the address of this exchange:
help-older = The older package ngshare_exchange works, too
help-submit = Ways to submit
help-submit-lab = In JupyterLab, open Nbgrader, then Assignment List, and choose Submit.
help-submit-terminal = In a terminal, run
help-submit-browser = In a browser, open the assignment here and upload the files.
help-words = Terms
help-in-time = Submitted before the due time.
help-late = Submitted after the due time. Your instructor decides what follows from that.
help-refused = Nothing can be submitted after this time.
help-receipt = A signed proof of what was submitted and when.
help-keys = Keys
help-key-find = find a person in a list
help-key-help = open this page

## Settings of the reader
me-title = Language and theme
me-by-hub = You are { $name }, known by JupyterHub.
me-by-claim = You are { $name }, by your own word.
me-groups = Groups: { $groups }.
me-language = Language
me-language-browser = As the browser says
me-theme = Theme
theme-system = As the system has it
theme-light = Light
theme-dark = Dark
me-somebody-else = Be somebody else
me-stored = Only this browser keeps these settings.
me-odd = This is no language or theme of these pages.

## Receipts
receipts-title = Check a receipt
receipts-explained = A receipt proves that files were submitted at a time. Paste its text here to check it.
receipts-paste = Receipt
receipts-check = Check
receipts-unreadable = This text is no receipt. Paste the whole content of the file receipt.json.
receipts-foreign = This receipt is not genuine: this exchange did not give it, or its text was changed.
receipts-genuine = This receipt is genuine.
receipts-stored = The work is stored as it was submitted.
receipts-gone = The work is not stored any more.
