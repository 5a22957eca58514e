# Die Seiten für alle, die sämtliche Arbeiten lesen.

course-empty = Es gibt noch keine Aufgaben.
course-empty-release = Eine Aufgabe erscheint hier, wenn sie ausgegeben wird, im Formgrader oder mit
as-student = so sehen es Studierende
everybody-title = Alle Personen und alle Aufgaben
everybody-signs = ✓ rechtzeitig, L verspätet, F Rückmeldung gegeben, – nicht abgegeben
everybody-more = Es gibt weitere Personen. Alle zeigt
number-submitted = abgegeben
number-missing = noch nicht
number-late = verspätet
of-them-extended = { $n ->
    [one] davon { $n } mit mehr Zeit
   *[other] davon { $n } mit mehr Zeit
}
in-last-minute = in der letzten Minute
service-line = { $n ->
    [one] Der Dienst nimmt Abgaben an. In den letzten fünf Minuten kam { $n }.
   *[other] Der Dienst nimmt Abgaben an. In den letzten fünf Minuten kamen { $n }.
}
curve-label = Wie viele Personen abgegeben haben, im Lauf der Zeit
curve-table = Dasselbe als Tabelle
until = bis
state-not-released = nicht ausgegeben
state-opens-later = öffnet später
state-released = ausgegeben
released-version = ausgegeben, Fassung { $version }
state-extended = noch nicht; mehr Zeit, bis { $time }
now = Jetzt
pause = Anhalten
live-stale = Der Dienst antwortet nicht. Diese Zahlen sind älter.
people = Studierende
find = Suchen
show = Zeigen
show-all = alle
show-missing = noch nicht abgegeben
show-late = verspätet
show-in-time = rechtzeitig
show-extended = mit mehr Zeit
show-no-feedback = ohne Rückmeldung
show-others = nicht mehr eingetragen
rows-shown = { $number } gezeigt
nobody-enrolled = Niemand ist eingetragen, und niemand hat abgegeben.
nobody-fits = Niemand passt zu dieser Auswahl.
give-more-time = Mehr Zeit geben
all-as-zip = Neueste Abgaben als zip
too-many-for-zip = Die Klasse ist für ein Archiv zu groß. Verwenden Sie nbgrader collect.
skip-table = Tabelle überspringen
choose-all = alle gezeigten wählen
last-submitted = Zuletzt abgegeben
times = Anzahl
not-enrolled = nicht mehr eingetragen
next-rows = weitere Studierende
given = gegeben
outdated = zu einer früheren Abgabe
change-dates = Termine ändern
have-more-time = { $n ->
    [one] { $n } Person hat mehr Zeit
   *[other] { $n } Personen haben mehr Zeit
}

dates-title = Termine
opens = Öffnet
opens-at-once = sofort
never = nie
date-field = Datum
time-field = Uhrzeit
no-time = Das ist kein Zeitpunkt. Schreiben Sie das Datum als 2027-02-01 und die Uhrzeit als 23:59.
time-skipped = Die Uhren überspringen diese Zeit. Die nächsten Zeiten sind { $before } und { $after }.
form-has-errors = Nichts wurde geändert, weil ein Zeitpunkt nicht gelesen werden kann.
changed-meanwhile = Die Termine wurden inzwischen geändert. Jetzt wurde nichts geändert. Sehen Sie sich die Folgen noch einmal an.
see-consequences = Folgen zeigen
set-dates = Diese Termine setzen
back = Zurück
later-minutes = { $n ->
    [one] { $n } Minute später
   *[other] { $n } Minuten später
}
later-hours = { $n ->
    [one] { $n } Stunde später
   *[other] { $n } Stunden später
}
later-days = { $n ->
    [one] { $n } Tag später
   *[other] { $n } Tage später
}
would-be-in-time = { $n ->
    [one] { $n } Abgabe, die jetzt verspätet ist, wäre rechtzeitig.
   *[other] { $n } Abgaben, die jetzt verspätet sind, wären rechtzeitig.
}
would-be-late = { $n ->
    [one] { $n } Abgabe, die jetzt rechtzeitig ist, wäre verspätet.
   *[other] { $n } Abgaben, die jetzt rechtzeitig sind, wären verspätet.
}
would-be-useless = { $n ->
    [one] { $n } Fristverlängerung endete vor der Frist für alle.
   *[other] { $n } Fristverlängerungen endeten vor der Frist für alle.
}

more-time-title = Mehr Zeit
for-everybody = Für alle:
user-names = Benutzernamen, einer je Zeile
chosen-names = Gewählt: { $names }
days-later = Später um
days = Tage
nobody-extended = Niemand hat mehr Zeit.
extended-title = Studierende mit mehr Zeit
take-back = Zurücknehmen
more-time-always = Immer, für jede Aufgabe dieses Kurses
always-more = { $n ->
    [one] immer { $n } Stunde mehr
   *[other] immer { $n } Stunden mehr
}
hours-more = Stunden mehr
no-hours = Schreiben Sie die Zahl der Stunden, von 1 bis 8760.
allowance-title = Immer mehr Zeit
allowance-now = { $n ->
    [one] Diese Person hat für jede Aufgabe dieses Kurses { $n } Stunde mehr.
   *[other] Diese Person hat für jede Aufgabe dieses Kurses { $n } Stunden mehr.
}
allowance-none = Diese Person hat keine Zeitzugabe.
allowance-explained = Die Stunden verschieben Frist und Abschluss gegenüber allen anderen, auch bei vergangenen Aufgaben. Eine Fristverlängerung gilt, wo sie später ist. Ein Tag hat 24 Stunden.
allowance-give = Immer geben
would-extend = { $n ->
    [one] { $n } Person bekommt Zeit bis { $time }.
   *[other] { $n } Personen bekommen Zeit bis { $time }.
}
would-allow = { $n ->
    [one] { $n } Person bekommt in diesem Kurs immer mehr Zeit. Stunden mehr: { $hours }.
   *[other] { $n } Personen bekommen in diesem Kurs immer mehr Zeit. Stunden mehr: { $hours }.
}
would-be-replaced = { $n ->
    [one] { $n } von ihnen hat jetzt eine andere eigene Zeit, die dadurch ersetzt wird.
   *[other] { $n } von ihnen haben jetzt eine andere eigene Zeit, die dadurch ersetzt wird.
}
nobody-chosen = Niemand wurde gewählt. Schreiben Sie jeden Benutzernamen auf eine Zeile.
too-many-chosen = { $n ->
    [one] Höchstens { $n } Person bekommt auf einmal mehr Zeit.
   *[other] Höchstens { $n } Personen bekommen auf einmal mehr Zeit.
}
no-days = Schreiben Sie die Zahl der Tage, von 1 bis 365.
no-due-to-extend = Die Aufgabe hat keine Frist. Wählen Sie ein Datum.
nobody-of-name = Niemand namens { $name } ist in dieser Klasse. Nichts wurde geändert.
note-field = Notiz
note-help = Die Lehrenden sehen sie in den Ereignissen, die Person nicht.
note-too-long = { $n ->
    [one] Die Notiz ist länger als { $n } Zeichen.
   *[other] Die Notiz ist länger als { $n } Zeichen.
}
