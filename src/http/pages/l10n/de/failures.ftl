# Ablehnungen und Fehler.

failure-refused = Das wurde abgelehnt
failure-nothing = Hier ist nichts
failure-form = Das Formular ist falsch ausgefüllt
failure-later = Bitte später noch einmal
failure-internal = Etwas ist kaputt

failure-no-page = Es gibt keine Seite mit dieser Adresse.
failure-no-course = Diesen Kurs gibt es nicht.
failure-no-assignment = Es gibt keine solche Aufgabe, die Sie sehen dürfen. Vielleicht ist sie noch nicht offen, oder sie wurde zurückgezogen.
failure-no-person = Diese Person ist nicht im Kurs.
failure-no-version = Diese Fassung gibt es nicht.
failure-no-submission = Diese Abgabe gibt es nicht.
failure-no-submission-number = Es gibt keine Abgabe { $number }.
failure-no-feedback = Zu dieser Abgabe gibt es keine Rückmeldung.
failure-no-extension = Diese Person hat keine Fristverlängerung.
failure-no-allowance = Diese Person hat keine Zeitzugabe.
failure-no-login = Hier gibt es keine Anmeldung, weil der Dienst ohne JupyterHub läuft.
failure-course-exists = Einen Kurs dieses Namens gibt es schon.
failure-assignment-exists = Eine Aufgabe dieses Namens gibt es schon.
failure-denied = Sie dürfen das nicht sehen oder tun. Sie sind { $name }.
failure-instructors = Nur die Verwaltung des Dienstes ernennt und entfernt Lehrpersonen. Sie sind { $name }.
failure-instructor-as-student = Wer im Kurs lehrt, kann ihn nicht besuchen.
failure-by-group = Diese Rolle kommt von der Gruppe { $group } in JupyterHub. Entfernen Sie die Person aus dieser Gruppe.
failure-changed-meanwhile = Jemand anderes hat das inzwischen geändert. Jetzt wurde nichts geändert.
failure-too-late = Es ist zu spät: Nach { $time } wird nichts mehr angenommen. Nichts wurde gespeichert.
failure-dates = Eine Aufgabe wird zuerst geöffnet, dann ist ihre Frist, dann wird sie abgeschlossen. Berichtigen Sie die Reihenfolge.
failure-file-size = Eine Datei ist größer als { $size }, die Grenze. Nichts wurde gespeichert.
failure-request-size = Die Dateien sind zusammen größer als { $size }, die Grenze. Nichts wurde gespeichert.
failure-files = { $n ->
    [one] Es sind mehr Dateien als { $n }, die Grenze. Nichts wurde gespeichert.
   *[other] Es sind mehr als { $n } Dateien, die Grenze. Nichts wurde gespeichert.
}
failure-paths = Die Namen der Dateien sind zusammen zu lang. Nichts wurde gespeichert.
failure-submissions = { $n ->
    [one] Sie haben { $n } Abgabe gemacht, mehr ist nicht erlaubt. Nichts wurde gespeichert.
   *[other] Sie haben { $n } Abgaben gemacht, mehr sind nicht erlaubt. Nichts wurde gespeichert.
}
failure-own-quota = Ihre Abgaben, Verzeichnisse und geteilten Seiten würden { $size } überschreiten, die Grenze für eine Person. Nichts wurde gespeichert.
failure-course-quota = Der Kurs würde { $size } überschreiten, seine Grenze. Nichts wurde gespeichert.
failure-space = Dem Dienst fehlt Speicherplatz. Nichts wurde gespeichert.
failure-changed = Die Dateien haben sich während der Übertragung geändert. Nichts wurde gespeichert.
failure-former = Diese Sitzung gehört zu einem früheren Konto mit dem Namen { $name }.
failure-maybe-done = Die Datenbank hat nicht rechtzeitig geantwortet. Die Änderung kann trotzdem erfolgt sein.
failure-damage = Eine gespeicherte Datei ist beschädigt. An Ihren Daten wurde nichts geändert.
failure-storage = Der Dienst erreicht seinen Speicher nicht. Nichts wurde geändert.
failure-bug = Ein Fehler des Dienstes selbst hat das verhindert. Die Ursache steht in seinem Protokoll.
failure-media = Der Browser hat das Formular in einer Form gesendet, die hier nicht gelesen wird.
failure-odd-form = Das Formular überschreitet eine Grenze des Dienstes. Nichts wurde gespeichert.
failure-field-size = Ein Feld ist länger als { $size }. Kürzen Sie es. Nichts wurde gespeichert.
failure-too-many-items = { $n ->
    [one] Die Liste hat mehr als { $n } Eintrag. Nichts wurde gespeichert.
   *[other] Die Liste hat mehr als { $n } Einträge. Nichts wurde gespeichert.
}
failure-timeout = Die Übertragung blieb stehen. Nichts wurde gespeichert.
failure-rate = In kurzer Zeit kamen zu viele Anfragen.
failure-open = Sie haben zu viele offene Anfragen oder Übertragungen.
failure-read-only = Diese Seiten zeigen nur. Verwenden Sie einen Befehl, um etwas zu ändern.
failure-unknown = Ihr Browser hat hier keine Sitzung.
failure-hub = JupyterHub antwortet nicht.
failure-other-site = Diese Anfrage kam von einer anderen Website.
failure-session = Die Seite war zu alt, oder Sie wurden inzwischen abgemeldet. Nichts wurde geändert.
failure-not-opened = Diese Adresse ist eine Seite für Menschen.
failure-host = Ohne JupyterHub antwortet dieser Dienst nur auf diesem Rechner.
failure-login = Diese Anmeldung begann nicht in diesem Browser, oder sie begann vor zu langer Zeit.

failure-help-again = Versuchen Sie es gleich noch einmal.
failure-help-wait = Warten Sie einige Sekunden, und versuchen Sie es dann noch einmal.
failure-help-reload = Gehen Sie zurück, laden Sie die Seite neu, und versuchen Sie es noch einmal.
failure-help-tab = Öffnen Sie sie in einem Tab des Browsers.
failure-help-login = Melden Sie sich neu an.
failure-help-look = Sehen Sie nach, ob sie erfolgt ist, bevor Sie es noch einmal versuchen.
failure-help-operator = Sagen Sie es den Menschen, die den Dienst betreiben.
failure-help-instructor = Wenn Sie das können sollten, fragen Sie die Lehrperson des Kurses.
failure-help-instructor-time = Bitten Sie die Lehrperson des Kurses um mehr Zeit.
failure-help-leave-out = Lassen Sie große Dateien weg, die nicht gebraucht werden.
