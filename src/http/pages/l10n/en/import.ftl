# Adding people from a file.

import-title = Add people from a file
import-link = Add people from a file
people-table = Download as CSV
import-explained = The first line of the file names the columns, such as username, first_name, last_name, email. People of the course who are not in the file stay.
import-example = A file to begin with
import-file = CSV file
import-limits = { $n ->
    [one] At most { $n } line and { $size }. Excel and LibreOffice save such files as CSV.
   *[other] At most { $n } lines and { $size }. Excel and LibreOffice save such files as CSV.
}
import-paste = Or paste the lines here
import-look = Look at the changes
import-other-file = Another file
import-user-column = Column with the user names at JupyterHub

import-nothing = Choose a file, or paste lines. Nothing was changed.
import-too-long = The list is larger than { $size }. Divide it into several files. Nothing was changed.
import-too-many-lines = { $n ->
    [one] The list has more than { $n } line. Divide it into several files. Nothing was changed.
   *[other] The list has more than { $n } lines. Divide it into several files. Nothing was changed.
}
import-unreadable = The file is no text in a known encoding. In Excel, save it as “CSV UTF-8”. Nothing was changed.
import-open-quote = In line { $line }, a cell begins with a quotation mark and does not end with one. Nothing was changed.
import-no-table = The file is no CSV. Nothing was changed.
import-no-user-column = No column is known to hold user names. Choose it.
import-column-twice = Two columns are named { $name }. Remove one of them. Nothing was changed.
import-columns-alike = These columns mean the same: { $names }. Remove one of them. Nothing was changed.
import-changed-meanwhile = People of the list were changed meanwhile. Nothing was changed now. Look at the changes again.
import-leave-out-first = Nothing was changed, because some lines cannot be used. Correct them, or choose to leave them out.

import-look-first = Look before anything is changed
import-read-as = Read as { $encoding }, { $separator }. The user names are in the column { $column }.
separator-comma = with commas between the cells
separator-semicolon = with semicolons between the cells
separator-tab = with tabs between the cells
separator-bar = with vertical bars between the cells
separator-other = with a separator that the file names
import-guessed = The encoding is a guess. Check the names with accents.
import-by-number = No column holds user names, so the numbers of the students are used. Check that JupyterHub knows people by these numbers.
import-unused = Ignored columns: { $names }
import-again = Line { $line }: { $name } is also in line { $earlier }. The later line counts.
import-skipped = Line { $line } names nobody and is skipped.
import-alike = These names look alike and are different people: { $names }
import-alike-by-case = These names differ only in upper and lower case, and are different people: { $names }
import-count-new = new
import-count-changed = with other details
import-count-there = there already
import-count-wrong = cannot be used
import-count-absent = only in the course; they stay
import-absent-who = Students of the course who are not in the file
import-absent-more = There are more.
import-wrong-count = { $n ->
    [one] { $n } line cannot be used
   *[other] { $n } lines cannot be used
}
import-line = Line { $line }
import-line-number = Line
import-more-problems = { $n ->
    [one] { $n } more line
   *[other] { $n } more lines
}
import-leave-out = { $n ->
    [one] Leave out { $n } line
   *[other] Leave out { $n } lines
}
import-changes = Changes
import-what-happens = What happens
import-more-changes = { $n ->
    [one] { $n } more change is not shown.
   *[other] { $n } more changes are not shown.
}
import-changes-nothing = This list changes nothing.
import-add = Add { $added }, change { $changed }
import-new = new, as { $role }
import-role-was = role: { $after } instead of { $before }
import-first-name-was = first name was { $before }
import-last-name-was = last name was { $before }
import-email-was = address was { $before }

import-teaches = { $name } teaches this course, and so cannot be its student.
import-instructors = Only administrators of the exchange add or change instructors. { $name } is one.
import-assistants = Only instructors add or change assistants. { $name } is one.
import-wrong-width = The number of cells is { $cells }, but that of columns is { $columns }.
import-wrong-columns = The line repeats the names of the columns.
import-wrong-empty = The user name is missing.
import-wrong-long = A name or an address is too long.
import-wrong-role = { $role } is no role. Write student, assistant or instructor.
import-wrong-shortened = { $name } is a number that a spreadsheet shortened. Format the column as text and enter it again.
import-wrong-quoted = { $name } stands in single quotes. Remove them.
import-wrong-formula = { $name } is a formula of a spreadsheet. Save the file with its values.
import-wrong-separator = { $name } holds a separator, and the first line has one column. Name all columns in the first line.
import-wrong-name = { $name } cannot be a user name.
import-wrong-guess = The letters of { $name } are a guess, because the encoding is one. Save the file as “CSV UTF-8”.
