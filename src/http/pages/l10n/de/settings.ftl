# Die Einstellungen eines Kurses.

settings-title = Einstellungen
settings-course-title = Titel
settings-title-help = Er steht vor dem Namen { $name }, der bleibt.
settings-zone = Zeitzone
settings-zone-help = Die Zeiten des Kurses werden in dieser Zone gezeigt. Ohne Angabe gilt die Zone des Austauschs.
settings-wrong-title = Der Titel ist länger als 200 Byte oder enthält ein Zeichen, das nicht gezeigt werden kann. Nichts wurde geändert.
settings-wrong-zone = Diese Zeitzone gibt es nicht. Schreiben Sie eine wie Europe/Berlin. Nichts wurde geändert.
settings-other-name = Das ist nicht der Name des Kurses. Nichts wurde geändert.
settings-limits = Grenzen
settings-limits-by = Die Betreiber des Austauschs haben sie gesetzt.
limit-none = keine
limit-file = Größe einer Datei
limit-files = Zahl der Dateien auf einmal
limit-tree = Größe aller Dateien auf einmal
limit-submissions = Abgaben einer Person zu einer Aufgabe
limit-person = Größe aller Abgaben, Verzeichnisse und geteilten Seiten einer Person
limit-course = Größe des Kurses
limit-trash = Zeit im Papierkorb
days-long = { $n ->
    [one] { $n } Tag
   *[other] { $n } Tage
}
settings-config = nbgrader_config.py
settings-config-help = Die Lehrenden des Kurses schreiben diese Zeilen in ihre nbgrader_config.py:
delete-course = Kurs in den Papierkorb legen
delete-course-explained = Niemand sieht den Kurs dann mehr. Administratoren des Austauschs können ihn mit allem, was darin ist, wiederherstellen.
delete-course-type = Schreiben Sie seinen Namen, { $name }
