# Wer eine Aufgabe abgeholt und wer eine Rückmeldung gelesen hat.

show-not-fetched = nicht einmal abgeholt
fetched-version = { $n ->
    [one] { $n } Person hat Fassung { $version } abgeholt.
   *[other] { $n } Personen haben Fassung { $version } abgeholt.
}
fetched-only = { $n ->
    [one] { $n } Person hat nur Fassung { $version } abgeholt.
   *[other] { $n } Personen haben nur Fassung { $version } abgeholt.
}
not-even-fetched = { $n ->
    [one] { $n } Person hat nicht abgegeben und die Aufgabe nicht einmal abgeholt.
   *[other] { $n } Personen haben nicht abgegeben und die Aufgabe nicht einmal abgeholt.
}
read-at = gelesen am { $time }
not-read = noch nicht gelesen
