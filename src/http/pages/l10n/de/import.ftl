# Personen aus einer Datei eintragen.

import-title = Personen aus einer Datei eintragen
import-link = Personen aus einer Datei eintragen
people-table = Als CSV herunterladen
import-explained = Die erste Zeile der Datei nennt die Spalten, zum Beispiel Benutzername, Vorname, Nachname, E-Mail. Personen des Kurses, die nicht in der Datei stehen, bleiben.
import-example = Eine Datei zum Anfangen
import-file = CSV-Datei
import-limits = { $n ->
    [one] Höchstens { $n } Zeile und { $size }. Excel und LibreOffice speichern solche Dateien als CSV.
   *[other] Höchstens { $n } Zeilen und { $size }. Excel und LibreOffice speichern solche Dateien als CSV.
}
import-paste = Oder fügen Sie die Zeilen hier ein
import-look = Änderungen ansehen
import-other-file = Eine andere Datei
import-user-column = Spalte mit den Benutzernamen in JupyterHub

import-nothing = Wählen Sie eine Datei, oder fügen Sie Zeilen ein. Nichts wurde geändert.
import-too-long = Die Liste ist größer als { $size }. Teilen Sie sie auf mehrere Dateien auf. Nichts wurde geändert.
import-too-many-lines = { $n ->
    [one] Die Liste hat mehr als { $n } Zeile. Teilen Sie sie auf mehrere Dateien auf. Nichts wurde geändert.
   *[other] Die Liste hat mehr als { $n } Zeilen. Teilen Sie sie auf mehrere Dateien auf. Nichts wurde geändert.
}
import-unreadable = Die Datei ist kein Text in einer bekannten Kodierung. Speichern Sie sie in Excel als „CSV UTF-8“. Nichts wurde geändert.
import-open-quote = In Zeile { $line } beginnt eine Zelle mit einem Anführungszeichen und endet nicht damit. Nichts wurde geändert.
import-no-table = Die Datei ist kein CSV. Nichts wurde geändert.
import-no-user-column = Von keiner Spalte ist bekannt, dass sie Benutzernamen enthält. Wählen Sie die Spalte.
import-column-twice = Zwei Spalten heißen { $name }. Entfernen Sie eine davon. Nichts wurde geändert.
import-columns-alike = Diese Spalten bedeuten dasselbe: { $names }. Entfernen Sie eine davon. Nichts wurde geändert.
import-changed-meanwhile = Personen der Liste wurden inzwischen geändert. Jetzt wurde nichts geändert. Sehen Sie sich die Änderungen noch einmal an.
import-leave-out-first = Nichts wurde geändert, weil einige Zeilen nicht verwendet werden können. Berichtigen Sie sie, oder lassen Sie sie aus.

import-look-first = Ansehen, bevor etwas geändert wird
import-read-as = Gelesen als { $encoding }, { $separator }. Die Benutzernamen stehen in der Spalte { $column }.
separator-comma = mit Kommas zwischen den Zellen
separator-semicolon = mit Strichpunkten zwischen den Zellen
separator-tab = mit Tabulatoren zwischen den Zellen
separator-bar = mit senkrechten Strichen zwischen den Zellen
separator-other = mit einem Trennzeichen, das die Datei nennt
import-guessed = Die Kodierung ist geraten. Prüfen Sie die Namen mit Umlauten und Akzenten.
import-by-number = Keine Spalte enthält Benutzernamen, daher gelten die Matrikelnummern. Prüfen Sie, ob JupyterHub die Personen unter diesen Nummern kennt.
import-unused = Übergangene Spalten: { $names }
import-again = Zeile { $line }: { $name } steht auch in Zeile { $earlier }. Die spätere Zeile gilt.
import-skipped = Zeile { $line } nennt niemanden und wird übergangen.
import-alike = Diese Namen sehen gleich aus und gehören verschiedenen Personen: { $names }
import-alike-by-case = Diese Namen unterscheiden sich nur in Groß- und Kleinschreibung und gehören verschiedenen Personen: { $names }
import-count-new = neu
import-count-changed = mit anderen Angaben
import-count-there = schon da
import-count-wrong = nicht verwendbar
import-count-absent = nur im Kurs; sie bleiben
import-absent-who = Studierende des Kurses, die nicht in der Datei stehen
import-absent-more = Es gibt weitere.
import-wrong-count = { $n ->
    [one] { $n } Zeile kann nicht verwendet werden
   *[other] { $n } Zeilen können nicht verwendet werden
}
import-line = Zeile { $line }
import-line-number = Zeile
import-more-problems = { $n ->
    [one] { $n } weitere Zeile
   *[other] { $n } weitere Zeilen
}
import-leave-out = { $n ->
    [one] { $n } Zeile auslassen
   *[other] { $n } Zeilen auslassen
}
import-changes = Änderungen
import-what-happens = Was geschieht
import-more-changes = { $n ->
    [one] { $n } weitere Änderung wird nicht gezeigt.
   *[other] { $n } weitere Änderungen werden nicht gezeigt.
}
import-changes-nothing = Diese Liste ändert nichts.
import-add = { $added } eintragen, { $changed } ändern
import-new = neu, als { $role }
import-role-was = Rolle: { $after } statt { $before }
import-first-name-was = Vorname war { $before }
import-last-name-was = Nachname war { $before }
import-email-was = Adresse war { $before }

import-teaches = { $name } lehrt in diesem Kurs und kann daher nicht darin studieren.
import-instructors = Nur Administratoren des Austauschs tragen Leitungen ein oder ändern sie. { $name } gehört dazu.
import-assistants = Nur Leitungen tragen Assistenzen ein oder ändern sie. { $name } gehört dazu.
import-wrong-width = Die Zahl der Zellen ist { $cells }, die der Spalten aber { $columns }.
import-wrong-columns = Die Zeile wiederholt die Namen der Spalten.
import-wrong-empty = Der Benutzername fehlt.
import-wrong-long = Ein Name oder eine Adresse ist zu lang.
import-wrong-role = { $role } ist keine Rolle. Schreiben Sie student, assistant oder instructor.
import-wrong-shortened = { $name } ist eine Zahl, die eine Tabellenkalkulation gekürzt hat. Formatieren Sie die Spalte als Text, und geben Sie die Zahl noch einmal ein.
import-wrong-quoted = { $name } steht in einfachen Anführungszeichen. Entfernen Sie sie.
import-wrong-formula = { $name } ist eine Formel einer Tabellenkalkulation. Speichern Sie die Datei mit den Werten.
import-wrong-separator = { $name } enthält ein Trennzeichen, und die erste Zeile hat nur eine Spalte. Nennen Sie alle Spalten in der ersten Zeile.
import-wrong-name = { $name } kann kein Benutzername sein.
import-wrong-guess = Die Buchstaben von { $name } sind geraten, weil die Kodierung geraten ist. Speichern Sie die Datei als „CSV UTF-8“.
