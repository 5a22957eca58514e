# Die Seiten der Verwaltung.

nav-admin = Verwaltung
admin-state = Zustand
admin-courses = Kurse
admin-people = Personen
admin-storage = Speicherplatz
admin-settings = Einstellungen
admin-registrars = Wer eintragen darf

level-ok = In Ordnung
level-warning = Sollte geändert werden:
level-wrong = Funktioniert nicht:
all-is-well = Alles ist in Ordnung.
stored = Gespeichert
submissions-lately = Abgaben in fünf Minuten
refusals-lately = abgelehnte Abgaben an einem Tag
running-version = Dies ist nbcourier { $version }.
running-since = In Betrieb seit

make-course = Einen Kurs anlegen
course-name = Name des Kurses
course-name-help = Er steht in den Dateien nbgrader_config.py und lässt sich später nicht ändern.
instructors-field = Benutzernamen der Kursleitung, einer je Zeile
instructors-help = Mitglieder der Gruppe formgrade-KURS in JupyterHub gehören auch zur Kursleitung, wenn die Einstellungen keine anderen Gruppen nennen.
make = Anlegen
no-course-name = So kann kein Kurs heißen. Schreiben Sie den Namen ohne Schrägstriche und unsichtbare Zeichen. Nichts wurde angelegt.
no-such-name = { $name } kann kein Benutzername sein. Nichts wurde angelegt.
done-course = Den Kurs { $name } gibt es.
unknown-teachers = Diese Namen kennt der Dienst noch nicht: { $names }. Wenn ein Name falsch geschrieben ist, sieht die Person den Kurs nicht.
courses-found = { $n ->
    [one] { $n } Kurs
   *[other] { $n } Kurse
}
no-courses = Es gibt noch keine Kurse.
no-course-fits = Kein Kurs hat diesen Text im Namen oder im Titel.
all-courses = alle Kurse
taught-by = Kursleitung
and-more = { $n ->
    [one] { $names } und { $n } weitere Person
   *[other] { $names } und { $n } weitere
}
submissions = Abgaben
last-used = Zuletzt benutzt
size-of = { $size } von { $limit }
previous-courses = vorige Kurse
next-courses = weitere Kurse
sizes-later = Die Größen werden gerade gezählt. Laden Sie die Seite gleich noch einmal.

name-or-part = Benutzername oder Teil eines Namens
account-made = Konto angelegt
former-owners = Arbeiten früherer Inhaber des Namens
in-trash = im Papierkorb
commands = Befehle
commands-explained = Für diese Änderungen gibt es keine Seite, denn die meisten lassen sich nicht rückgängig machen. Führen Sie die Befehle auf dem Rechner des Dienstes aus, als dessen Benutzer. Ergänzen Sie --data-dir, wenn der Dienst diese Einstellung hat.
command-show = Alles anzeigen, was unter dem Namen gespeichert ist:
command-rename = Der Person einen anderen Namen geben:
command-merge = Alles einem anderen Namen derselben Person geben:
command-export = Alles über die Person in ein Archiv schreiben:
command-purge = Die Person endgültig entfernen:
command-adopt = Die Arbeiten des früheren Kontos zurückgeben, wenn es dieselbe Person ist:
nothing-under-name = Unter dem Namen { $name } ist nichts gespeichert.
similar-people = Namen, die das enthalten

disk = Festplatte
free-of = { $free } von { $total } sind frei
bucket = Bucket mit großen Dateien
database = Datenbank
contents = Gespeicherte Inhalte
contents-of = { $n ->
    [one] { $size } in { $n } Inhalt; gleiche Dateien zählen einmal
   *[other] { $size } in { $n } Inhalten; gleiche Dateien zählen einmal
}
removed-objects = Objekte, die gelöscht werden sollen
object-count = { $n ->
    [one] { $n } Objekt
   *[other] { $n } Objekte
}
trash-courses = { $n ->
    [one] { $n } Kurs ist im Papierkorb.
   *[other] { $n } Kurse sind im Papierkorb.
}
trash-assignments = { $n ->
    [one] { $n } Aufgabe wurde einzeln gelöscht.
   *[other] { $n } Aufgaben wurden einzeln gelöscht.
}
trash-submissions = { $n ->
    [one] Zusammen ist das { $n } Abgabe.
   *[other] Zusammen sind das { $n } Abgaben.
}
trash-bytes = Ihre Dateien haben { $size }. Dateien, die es auch in anderen Arbeiten gibt, bleiben beim Leeren des Papierkorbs erhalten.
clean-up-frees = Aufräumen würde jetzt höchstens { $size } frei machen.
clean-up-frees-nothing = Aufräumen würde jetzt nichts aus dem Papierkorb frei machen, denn bei keiner gelöschten Abgabe ist die Zeit um.
clean-up-by-hand = Der Dienst räumt jede Stunde auf. Von Hand:
deleted-courses = Gelöschte Kurse
largest-courses = Größte Kurse
largest-people = Personen mit den größten Arbeiten
counted-at = Gezählt
counted-how = Gleiche Dateien einer Person in einem Kurs zählen einmal, wie für die Grenzen.

trash-of-courses = Was in einem Kurs gelöscht wurde, ist im Papierkorb dieses Kurses.
more-courses = Es gibt mehr. Alle zeigt

settings-explained = Die Einstellungen dieses Dienstes in der Reihenfolge der Hilfe. Geheimnisse fehlen. Dasselbe zeigt
setting = Einstellung
value = Wert
set-by = Gesetzt durch
by-default = Vorgabe

registrars-group = Mitglieder der Gruppe { $group } in JupyterHub tragen Personen in alle Kurse ein.
registrars-none = Niemand trägt Personen ein, ohne den Kurs zu leiten oder zur Verwaltung zu gehören.
registrars-how = Damit andere es dürfen, fassen Sie diese in einer Gruppe in JupyterHub zusammen, und nennen Sie die Gruppe:
registrars-may = Solche Personen sehen und ändern in jedem Kurs, wer daran teilnimmt. Sie lesen keine Arbeiten und ernennen niemanden.
teachers-may = Kursleitungen tragen Personen in die eigenen Kurse ein und ernennen Assistenzen.
admins-may = In den Einstellungen genannte Verwalter/innen, die alles dürfen: { $admins }
