# Was gerade getan wurde, und wie es rückgängig wird.

undo = Rückgängig machen
taken-back = rückgängig gemacht
did-undo = Rückgängig gemacht:
did-dates = Die Termine von { $assignment } sind gesetzt: Frist { $due }, vorher { $was }.
did-extension = { $subject } hat mehr Zeit für { $assignment }: Frist { $due }.
did-extensions = { $n ->
    [one] { $n } Person hat mehr Zeit für { $assignment }.
   *[other] { $n } Personen haben mehr Zeit für { $assignment }.
}
did-extension-removed = { $subject } hat keine Fristverlängerung für { $assignment } mehr.
did-release = Fassung { $version } von { $assignment } ist ausgegeben.
did-unrelease = { $assignment } ist nicht mehr ausgegeben.
did-add = { $subject } ist im Kurs, als { $role }.
did-change = Die Angaben von { $subject } sind geändert.
did-roster = Die Personen des Kurses sind geändert: { $added } eingetragen, { $changed } geändert.
did-roster-removed = { $subject } wurde aus dem Kurs entfernt.
did-course-changed = Die Einstellungen des Kurses sind geändert.
did-delete-assignment = { $assignment } wurde in den Papierkorb gelegt.
did-restore-assignment = { $assignment } wurde wiederhergestellt.
did-delete-submission = Eine Abgabe von { $subject } zu { $assignment } wurde in den Papierkorb gelegt.
did-restore-submission = Eine Abgabe von { $subject } zu { $assignment } wurde wiederhergestellt.
did-delete-feedback = Die Rückmeldung für { $subject } zu { $assignment } wurde in den Papierkorb gelegt.
did-restore-feedback = Die Rückmeldung für { $subject } zu { $assignment } wurde wiederhergestellt.
