# Who has fetched an assignment, and who has read feedback.

show-not-fetched = not even fetched
fetched-version = { $n ->
    [one] { $n } student has fetched version { $version }.
   *[other] { $n } students have fetched version { $version }.
}
fetched-only = { $n ->
    [one] { $n } student has only fetched version { $version }.
   *[other] { $n } students have only fetched version { $version }.
}
not-even-fetched = { $n ->
    [one] { $n } student has not submitted and not even fetched it.
   *[other] { $n } students have not submitted and not even fetched it.
}
read-at = read { $time }
not-read = not read yet
