# Was die Server der Mitglieder eines Kurses bei ihrem Start bekommen haben.

starts-title = Starts von Servern
starts-explained = Wenn der Server eines Mitglieds startet, holt er die Verzeichnisse des Kurses, die bei Starts ausgeliefert werden, und meldet, was er bekommen hat. Die Angaben stammen vom Server des Mitglieds. Starts ohne Neues werden einmal im Monat gemeldet.
starts-none = Es wurde kein Start gemeldet.
starts-only-failed = Nur gescheiterte zeigen
starts-all = Alle zeigen
starts-of-directory = { $directory }: { $all }
starts-have-version = { $n ->
    [one] { $n } hat Fassung { $version }
   *[other] { $n } haben Fassung { $version }
}
starts-no-version = { $n ->
    [one] { $n } hat keine Fassung gemeldet
   *[other] { $n } haben keine Fassung gemeldet
}
starts-partly = { $n ->
    [one] { $n } hat nur einen Teil
   *[other] { $n } haben nur einen Teil
}
starts-failed = { $n } gescheitert
starts-reason = { $outcome }: { $reason }
start-person = Person
start-outcome = Ergebnis
start-report = Bericht
start-updated = aktualisiert
start-unchanged = nichts Neues
start-partly = teilweise
start-failed = gescheitert
start-received = { $n ->
    [one] { $n } Datei bekommen
   *[other] { $n } Dateien bekommen
}
start-removed = { $n ->
    [one] { $n } Datei entfernt
   *[other] { $n } Dateien entfernt
}
start-kept = Ersetzt oder entfernt, und aufgehoben: { $names }
start-beside = Auf beiden Seiten geändert, die neue Datei liegt daneben: { $names }
start-mine = Eigene Dateien, die einen anderen Namen bekamen: { $names }
start-left = Eigene Änderungen, die bleiben: { $names }
start-blocked = Nicht geändert, weil etwas anderes im Weg ist: { $names }
start-cut = Der Bericht war zu lang und ist gekürzt.
start-log = Ausgabe des Startskripts
