# The versions of an assignment.

versions-title = Versions and files
versions-link = versions and files
version = Version
version-number = Version { $version }
version-zip = zip
versions-more = There are older versions, too.
released-at = Released
released-by = By
is-current = current
not-released-now = The assignment is not released. Students do not see it.
no-versions = Nothing was released yet.
files-of-version = Files of version { $version }
compared-with = Compared with version { $version }
differences = Differences from the current version
difference = Difference
file-new = new
file-changed = changed
file-removed = not in it any more

release-again = Release again
again-title = Release version { $version } again
again-explained = The files of version { $version } become version { $next }.
again-same = The current version has the same files. There is nothing to change.
fetch-again = Students who fetched the assignment before get the new files when they fetch it again.
have-submitted = { $n ->
    [one] { $n } person has submitted. The submissions stay.
   *[other] { $n } people have submitted. Their submissions stay.
}

add-files-title = Add or replace files
add-files-explained = The files become a new version, together with those files of version { $version } that they do not replace.
add-files-first = The files become the first version.
add-files-source = Your own directory of the assignment is not changed. Change the files there, too.
add-files-folder = The paths within the folder count, without its own name.
add-files-button = Release the new version
add-files-none = No files were chosen. Nothing was changed.
add-files-clash = { $name } cannot be both a file and a directory. Nothing was changed.

take-back-title = Take the release back
take-back-explained = Students will not see the assignment any more, and cannot submit to it. Nothing is deleted. You can release it again.

delete-assignment-title = Move the assignment to the trash
delete-assignment-explained = Nobody will see the assignment any more. Its name is free at once. This goes with it:
delete-assignment-submissions = { $n ->
    [one] { $n } submission
   *[other] { $n } submissions
}
delete-assignment-feedback = { $n ->
    [one] feedback for { $n } person
   *[other] feedback for { $n } people
}
delete-assignment-extensions = { $n ->
    [one] { $n } extension
   *[other] { $n } extensions
}
more-removed = { $n ->
    [one] And { $n } more file that was removed.
   *[other] And { $n } more files that were removed.
}
