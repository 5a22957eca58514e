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
did-allowance = { $n ->
    [one] { $subject } hat in diesem Kurs immer { $n } Stunde mehr.
   *[other] { $subject } hat in diesem Kurs immer { $n } Stunden mehr.
}
did-allowances = { $n ->
    [one] { $n } Person hat in diesem Kurs immer mehr Zeit.
   *[other] { $n } Personen haben in diesem Kurs immer mehr Zeit.
}
did-allowance-removed = { $subject } hat in diesem Kurs keine Zeitzugabe mehr.
now-in-time = { $n ->
    [one] { $n } neueste Abgabe, die verspätet war, ist jetzt rechtzeitig.
   *[other] { $n } neueste Abgaben, die verspätet waren, sind jetzt rechtzeitig.
}
now-late = { $n ->
    [one] { $n } neueste Abgabe, die rechtzeitig war, ist jetzt verspätet.
   *[other] { $n } neueste Abgaben, die rechtzeitig waren, sind jetzt verspätet.
}
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
