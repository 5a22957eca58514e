# Die Fassungen einer Aufgabe.

versions-title = Fassungen und Dateien
versions-link = Fassungen und Dateien
version = Fassung
version-number = Fassung { $version }
version-zip = zip
versions-more = Es gibt auch ältere Fassungen.
released-at = Ausgegeben
released-by = Von
is-current = aktuell
not-released-now = Die Aufgabe ist nicht ausgegeben. Studierende sehen sie nicht.
no-versions = Es wurde noch nichts ausgegeben.
files-of-version = Dateien der Fassung { $version }
compared-with = Verglichen mit Fassung { $version }
differences = Unterschiede zur aktuellen Fassung
difference = Unterschied
file-new = neu
file-changed = geändert
file-removed = nicht mehr darin

release-again = Wieder ausgeben
again-title = Fassung { $version } wieder ausgeben
again-explained = Die Dateien der Fassung { $version } werden zur Fassung { $next }.
again-same = Die aktuelle Fassung hat dieselben Dateien. Es gibt nichts zu ändern.
fetch-again = Wer die Aufgabe schon geholt hat, bekommt die neuen Dateien beim nächsten Holen.
have-submitted = { $n ->
    [one] { $n } Person hat abgegeben. Die Abgaben bleiben.
   *[other] { $n } Personen haben abgegeben. Ihre Abgaben bleiben.
}

add-files-title = Dateien ergänzen oder ersetzen
add-files-explained = Die Dateien werden zu einer neuen Fassung, zusammen mit den Dateien der Fassung { $version }, die sie nicht ersetzen.
add-files-first = Die Dateien werden zur ersten Fassung.
add-files-source = Ihr eigenes Verzeichnis der Aufgabe wird nicht geändert. Ändern Sie die Dateien auch dort.
add-files-folder = Es gelten die Pfade innerhalb des Ordners, ohne seinen eigenen Namen.
add-files-button = Neue Fassung ausgeben
add-files-none = Es wurden keine Dateien gewählt. Nichts wurde geändert.
add-files-clash = { $name } kann nicht zugleich Datei und Verzeichnis sein. Nichts wurde geändert.

take-back-title = Ausgabe zurücknehmen
take-back-explained = Studierende sehen die Aufgabe dann nicht mehr und können nicht abgeben. Nichts wird gelöscht. Sie können sie wieder ausgeben.

delete-assignment-title = Aufgabe in den Papierkorb legen
delete-assignment-explained = Niemand sieht die Aufgabe dann mehr. Ihr Name ist sofort frei. Mit ihr gehen:
delete-assignment-submissions = { $n ->
    [one] { $n } Abgabe
   *[other] { $n } Abgaben
}
delete-assignment-feedback = { $n ->
    [one] Rückmeldung für { $n } Person
   *[other] Rückmeldungen für { $n } Personen
}
delete-assignment-extensions = { $n ->
    [one] { $n } Fristverlängerung
   *[other] { $n } Fristverlängerungen
}
more-removed = { $n ->
    [one] Und { $n } weitere entfernte Datei.
   *[other] Und { $n } weitere entfernte Dateien.
}
