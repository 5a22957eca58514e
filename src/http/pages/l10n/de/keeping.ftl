# Die Personen, die Ereignisse und der Papierkorb eines Kurses.

people-title = Personen
activity-title = Ereignisse
trash-title = Papierkorb
role = Rolle
role-student = Student/in
role-assistant = Assistenz
role-instructor = Leitung
by-group = durch eine Gruppe in JupyterHub
add-person = Eine Person eintragen oder ihre Angaben ändern
add-button = Eintragen
user-name = Benutzername
user-name-help = Wie JupyterHub ihn hat.
first-name = Vorname
last-name = Nachname
email = Adresse
nobody-in-course = Niemand ist in diesem Kurs.
take-off = Entfernen
take-off-title = Eine Person entfernen
take-off-explained = { $name } sieht dann den Kurs nicht mehr. Abgaben und Rückmeldungen bleiben. Sie können die Person wieder eintragen.
no-user-name = Das kann kein Benutzername sein. Nichts wurde geändert.
no-role = Wählen Sie eine Rolle. Nichts wurde geändert.

trash-kept = { $n ->
    [one] Gelöschtes kann { $n } Tag lang wiederhergestellt werden.
   *[other] Gelöschtes kann { $n } Tage lang wiederhergestellt werden.
}
trash-empty = Nichts kann wiederhergestellt werden.
thing = Was
deleted-at = Gelöscht
removed-at = Endgültig weg
restore = Wiederherstellen
trash-assignment = Aufgabe { $name }
submission-count = { $n ->
    [one] { $n } Abgabe
   *[other] { $n } Abgaben
}
trash-submission = Abgabe von { $name } zu
trash-feedback = Rückmeldung für { $name } zu
done-restored = Es wurde wiederhergestellt.
nothing-chosen = Nichts wurde gewählt. Nichts wurde geändert.

activity-empty = Es ist noch nichts geschehen.
activity-none = Kein Ereignis passt zu dieser Auswahl. Zeigen:
activity-who = Benutzername
activity-what = Was
activity-everything = alles
activity-submissions = Abgaben
activity-refusals = abgelehnte Abgaben
activity-feedback = Rückmeldungen
activity-releases = Veröffentlichungen
activity-dates = Termine und mehr Zeit
activity-people = Personen
activity-material = Material und geteilte Seiten
activity-course = der Kurs selbst
activity-from = Von
activity-to = Bis
activity-no-date = Das ist kein Datum. Schreiben Sie es so: 2027-02-01.
person-refusals = Abgelehnte Abgaben
person-activity = Alle Ereignisse dieser Person
what-happened = Was geschah
earlier = früher
event-course-created = { $actor } hat den Kurs angelegt
event-course-deleted = { $actor } hat den Kurs gelöscht
event-course-restored = { $actor } hat den Kurs wiederhergestellt
event-course-changed = { $actor } hat die Einstellungen des Kurses geändert
event-roster-changed = { $actor } hat die Personen des Kurses geändert
event-roster-removed = { $actor } hat { $subject } aus dem Kurs entfernt
event-released = { $actor } hat { $assignment } ausgegeben
event-unreleased = { $actor } hat { $assignment } zurückgezogen
event-assignment-deleted = { $actor } hat { $assignment } gelöscht
event-assignment-restored = { $actor } hat { $assignment } wiederhergestellt
event-dates-set = { $actor } hat die Termine von { $assignment } gesetzt: Frist { $due }, vorher { $was }
event-extension-set = { $actor } hat { $subject } für { $assignment } mehr Zeit gegeben: Frist { $due }
event-extension-removed = { $actor } hat die Fristverlängerung von { $subject } für { $assignment } entfernt
event-allowance-set = { $n ->
    [one] { $actor } hat { $subject } für jede Aufgabe { $n } Stunde mehr gegeben
   *[other] { $actor } hat { $subject } für jede Aufgabe { $n } Stunden mehr gegeben
}
event-allowance-removed = { $actor } hat die Zeitzugabe von { $subject } entfernt
event-submitted = { $actor } hat { $assignment } abgegeben
event-submitted-for = { $actor } hat { $assignment } für { $subject } abgegeben
event-refused = Eine Abgabe von { $subject } zu { $assignment } wurde abgelehnt
event-submission-deleted = { $actor } hat eine Abgabe von { $subject } zu { $assignment } gelöscht
event-submission-restored = { $actor } hat eine Abgabe von { $subject } zu { $assignment } wiederhergestellt
event-feedback-given = { $actor } hat { $subject } eine Rückmeldung zu { $assignment } gegeben
event-feedback-deleted = { $actor } hat die Rückmeldung für { $subject } zu { $assignment } gelöscht
event-feedback-restored = { $actor } hat die Rückmeldung für { $subject } zu { $assignment } wiederhergestellt
event-imported = { $actor } hat Daten übernommen
event-imported-submission = { $actor } hat Arbeiten von { $subject } zu { $assignment } übernommen
event-imported-assignment = { $actor } hat { $assignment } übernommen
event-joined = { $actor } kam durch eine Gruppe in JupyterHub dazu
event-left = { $actor } ging durch eine Gruppe in JupyterHub
event-other = { $actor }: { $action }
actor-operator = Jemand vom Betrieb
actor-server = Der Dienst
event-trash-emptied = { $actor } hat Dinge, deren Zeit um war, endgültig aus dem Papierkorb entfernt
event-events-forgotten = { $actor } hat Ereignisse entfernt, deren Zeit um war
event-example-data = { $actor } hat alle Daten durch Beispiele ersetzt oder entfernt
event-user-renamed = { $actor } hat { $formerly } in { $subject } umbenannt
event-user-merged = { $actor } hat alles von { $formerly } auf { $subject } übertragen
event-user-set-aside = { $actor } hat die Arbeiten von { $formerly } als { $subject } beiseitegelegt
event-user-purged = { $actor } hat eine Person entfernt, die jetzt { $subject } heißt
