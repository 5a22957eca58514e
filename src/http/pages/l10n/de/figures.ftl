# Die Zahlen eines Kurses.

figures-title = Zahlen
figures-explained = Nur die Studierenden des Kurses zählen. Es zählt die letzte Abgabe einer Person zu einer Aufgabe, mit der Frist dieser Person.
figures-none = Es gibt keine Zahlen, bevor die erste Aufgabe ausgegeben ist.
figures-submitted = Abgegeben, nach Aufgabe
figures-feedback = Mit Rückmeldung
figures-wait = Warten auf Rückmeldung
figures-wait-explained = Gewartet wird von der Frist an, bis die Hälfte der Personen mit Rückmeldung ihre erste hatte.
figures-days = { $n ->
    [one] { $n } Tag
   *[other] { $n } Tage
}
figures-older = { $n ->
    [one] { $n } ältere Aufgabe steht nicht hier.
   *[other] { $n } ältere Aufgaben stehen nicht hier.
}
figures-before-due = Verbleibende Zeit bei der Abgabe
figures-span = Vor der Frist
before-3-days = mehr als 3 Tage
before-1-day = 1 bis 3 Tage
before-6-hours = 6 bis 24 Stunden
before-1-hour = 1 bis 6 Stunden
before-due = die letzte Stunde
after-due = verspätet
figures-times = Abgaben einer Person zu einer Aufgabe
figures-how-often = Wie oft
figures-hours = Abgaben nach Tag und Stunde
figures-from = Ab
hours-explained = { $n ->
    [one] Eine Stunde hat eine Zahl, wenn mindestens { $n } Person in ihr abgegeben hat.
   *[other] Eine Stunde hat eine Zahl, wenn mindestens { $n } verschiedene Personen in ihr abgegeben haben. Kleinere Gruppen werden nicht gezeigt.
}
hours-none = Noch hat keine Stunde genug Personen.
figures-weeks = Gesehene Studierende, nach Woche
weeks-explained = Der Dienst sieht eine Person, die abgibt, eine Aufgabe abholt oder eine Rückmeldung liest. Von wiederholtem Abholen und Lesen behält er das erste und das letzte. Die Tabelle hat höchstens ein Jahr.
weeks-none = Noch wurde niemand gesehen.
figures-week = Woche ab
weeks-seen = In dieser Woche
weeks-so-far = Bis dahin
