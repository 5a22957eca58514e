# Wörter, die viele Seiten teilen, und die Seiten für alle.

## Der Rahmen
skip-to-content = Zum Inhalt springen
nav-main = Hauptnavigation
nav-path = Pfad
nav-tabs = Seiten dieses Bereichs
nav-courses = Meine Kurse
nav-hub = JupyterHub
nav-help = Hilfe
nav-logout = Abmelden
times-in = Zeiten gelten in der Zone { $zone }.
change-settings = Sprache und Farben ändern
contact = Ansprechpartner für diesen Dienst: { $contact }
request-id = Anfrage { $id }. Geben Sie diese Nummer an, wenn Sie nachfragen.

## Zeiten
weekday-1 = Mo
weekday-2 = Di
weekday-3 = Mi
weekday-4 = Do
weekday-5 = Fr
weekday-6 = Sa
weekday-7 = So
month-1 = Jan
month-2 = Feb
month-3 = März
month-4 = Apr
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = Aug
month-9 = Sep
month-10 = Okt
month-11 = Nov
month-12 = Dez
date = { $weekday } { $day }. { $month }
date-with-year = { $weekday } { $day }. { $month } { $year }
time-own = bei Ihnen { $time }
just-now = gerade eben
in-a-moment = gleich
in-minutes = { $n ->
    [one] in { $n } Minute
   *[other] in { $n } Minuten
}
minutes-ago = { $n ->
    [one] vor { $n } Minute
   *[other] vor { $n } Minuten
}
in-hours = { $n ->
    [one] in { $n } Stunde
   *[other] in { $n } Stunden
}
hours-ago = { $n ->
    [one] vor { $n } Stunde
   *[other] vor { $n } Stunden
}
in-days = { $n ->
    [one] in { $n } Tag
   *[other] in { $n } Tagen
}
days-ago = { $n ->
    [one] vor { $n } Tag
   *[other] vor { $n } Tagen
}

## Begriffe
assignment = Aufgabe
course = Kurs
student = Student/in
due = Abgabefrist
state = Stand
files = Dateien
receipt = Quittung
bytes = Bytes
submitted-at = Abgegeben
refused-after = Abgeschlossen ab
state-submitted = abgegeben
state-missing = noch nicht
state-in-time = rechtzeitig
state-late = verspätet
next-due = Nächste Frist
nothing-due = keine
submitted-by = Abgegeben von
students = { $n ->
    [one] { $n } Person
   *[other] { $n } Personen
}
file-count = { $n ->
    [one] { $n } Datei
   *[other] { $n } Dateien
}
save = Speichern
saved = Gespeichert.

## Startseite
home-title = Meine Kurse
home-due = Nächste Fristen
home-feedback = Neue Rückmeldungen
home-taught = Kurse, die Sie leiten
home-taken = Kurse, die Sie besuchen
home-more = Sie sind in mehr Kursen als diesen.
home-none = Sie sind noch in keinem Kurs. Ihre Lehrperson kann Sie eintragen. Laden Sie danach diese Seite neu.
home-none-name = Ihr Benutzername ist { $name }. Nennen Sie ihn Ihrer Lehrperson.
home-missing-course = Wenn ein Kurs fehlt, haben sich vielleicht Ihre Gruppen seit der Anmeldung geändert.
home-set-aside = Arbeiten eines früheren Kontos mit Ihrem Namen wurden am { $days } beiseitegelegt, weil JupyterHub das Konto neu angelegt hat. Nichts davon ist verloren.
home-set-aside-ask = Wenn das Ihr Konto war, bitten Sie die Verwaltung dieses JupyterHubs, Ihnen die Arbeiten zurückzugeben.
home-set-aside-ask-admins = Wenn das Ihr Konto war, bitten Sie die Verwaltung dieses Dienstes ({ $admins }), Ihnen die Arbeiten zurückzugeben.

## Anmeldung
log-in-again = Neu anmelden
claim-title = Ihr Name
claim-explained = Dieser Dienst läuft zum Ausprobieren ohne JupyterHub. Jede Person ist, wer sie zu sein angibt.
claim-name = Benutzername
claim-go = Weiter
claim-refused = Das kann kein Benutzername sein. Verwenden Sie Buchstaben, Ziffern und Bindestriche.
claim-admins = Verwaltung, die alles sieht: { $names }
logged-out-title = Abgemeldet
logged-out = Sie sind hier abgemeldet. JupyterHub kennt Sie noch: Melden Sie sich auch dort ab, wenn andere diesen Browser benutzen.

## Hilfe
help-title = Hilfe
help-configure = nbgrader mit diesem Dienst verbinden
help-on-hub = In einem Notebook-Server dieses JupyterHubs gehört dies in nbgrader_config.py:
help-elsewhere = Anderswo nennen Sie die Adresse dieses Dienstes:
help-older = Auch das ältere Paket ngshare_exchange funktioniert
help-submit = Wege zur Abgabe
help-submit-lab = Öffnen Sie in JupyterLab Nbgrader, dann Assignment List, und wählen Sie Submit.
help-submit-terminal = In einem Terminal:
help-submit-browser = Im Browser: Öffnen Sie hier die Aufgabe und laden Sie die Dateien hoch.
help-words = Begriffe
help-in-time = Vor der Frist abgegeben.
help-late = Nach der Frist abgegeben. Ihre Lehrperson entscheidet, was daraus folgt.
help-refused = Nach diesem Zeitpunkt kann nichts mehr abgegeben werden.
help-receipt = Ein signierter Nachweis, was wann abgegeben wurde.
help-keys = Tasten
help-key-find = eine Person in einer Liste finden
help-key-help = diese Seite öffnen

## Einstellungen der lesenden Person
me-title = Sprache und Farben
me-by-hub = Sie sind { $name }, angemeldet über JupyterHub.
me-by-claim = Sie sind { $name }, nach eigener Angabe.
me-groups = Gruppen: { $groups }.
me-language = Sprache
me-language-browser = Wie im Browser eingestellt
me-theme = Farben
theme-system = Wie im System eingestellt
theme-light = Hell
theme-dark = Dunkel
me-somebody-else = Jemand anderes sein
me-stored = Nur dieser Browser merkt sich diese Einstellungen.
me-odd = Diese Sprache oder diese Farben gibt es hier nicht.

## Quittungen
receipts-title = Quittung prüfen
receipts-explained = Eine Quittung weist nach, dass Dateien zu einem Zeitpunkt abgegeben wurden. Fügen Sie ihren Text hier ein.
receipts-paste = Quittung
receipts-check = Prüfen
receipts-unreadable = Dieser Text ist keine Quittung. Fügen Sie den ganzen Inhalt der Datei receipt.json ein.
receipts-foreign = Diese Quittung ist nicht echt: Dieser Dienst hat sie nicht ausgestellt, oder ihr Text wurde geändert.
receipts-genuine = Diese Quittung ist echt.
receipts-stored = Die Arbeit ist so gespeichert, wie sie abgegeben wurde.
receipts-gone = Die Arbeit ist nicht mehr gespeichert.
