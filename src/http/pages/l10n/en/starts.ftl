# What the servers of a course's members received when they started.

starts-title = Starts of servers
starts-explained = When the server of a member starts, it gets the directories of the course that are delivered at starts, and reports what it received. The report comes from the member's own server. Starts with nothing new are reported once a month.
starts-none = No start was reported.
starts-only-failed = Show only failed ones
starts-all = Show all
starts-of-directory = { $directory }: { $all }
starts-have-version = { $n ->
    [one] { $n } has version { $version }
   *[other] { $n } have version { $version }
}
starts-no-version = { $n ->
    [one] { $n } reported no version
   *[other] { $n } reported no versions
}
starts-partly = { $n ->
    [one] { $n } has only a part
   *[other] { $n } have only a part
}
starts-failed = { $n } failed
starts-reason = { $outcome }: { $reason }
start-person = Person
start-outcome = Outcome
start-report = Report
start-updated = updated
start-unchanged = nothing new
start-partly = in part
start-failed = failed
start-received = { $n ->
    [one] { $n } file received
   *[other] { $n } files received
}
start-removed = { $n ->
    [one] { $n } file removed
   *[other] { $n } files removed
}
start-kept = Replaced or removed, and kept aside: { $names }
start-beside = Changed on both sides, with the new file beside: { $names }
start-mine = Own files that got another name: { $names }
start-left = Own changes that stay: { $names }
start-blocked = Not changed, because something else is in the way: { $names }
start-cut = The report was too long, and is cut.
start-log = Output of the start script
