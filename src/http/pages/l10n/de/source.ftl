# Das Repositorium, dem ein Verzeichnis folgt.

source-title = Repositorium
source-explained = Der Server holt die Dateien dieses Verzeichnisses aus einem Git-Repositorium und macht aus jeder Änderung eine Fassung. Sonst kann dann niemand darin schreiben.
source-none = Dieses Verzeichnis folgt keinem Repositorium.
source-url = Adresse des Repositoriums
source-url-help = Etwa https://git.example.org/algebra.git
source-branch = Zweig (leer für den Standardzweig)
source-folder = Ordner des Repositoriums (leer für alles)
source-exclude = Auslassen
source-exclude-help = Ein Muster je Zeile, etwa .solutions/ oder *_solution.ipynb
source-every = Wieder nachsehen nach
source-every-help = Von 5m bis 30d, und 1h, wenn das Feld leer ist. Der Server sieht auch nach, wenn der Hook aufgerufen wird.
source-token = Token
source-token-help = Nur wenn das Repositorium ohne Token nicht gelesen werden kann. Er wird versiegelt gespeichert und nie gezeigt. Geben Sie ihn noch einmal ein, wenn das Formular zurückkommt.
source-token-kept = Es gibt einen Token. Lassen Sie das Feld leer, um ihn zu behalten. An eine andere Adresse wird er nie geschickt.
source-token-remove = Token entfernen
source-solutions = Notebooks mit Lösungen dürfen veröffentlicht werden
source-set-title = Einem Repositorium folgen
source-set = Das Verzeichnis folgt dem Repositorium. Der Server sieht jetzt nach.
source-secret = Das ist das Geheimnis des Hooks, mit dem der Dienst des Repositoriums unterschreibt. Es wird nur jetzt gezeigt. Um ein anderes zu bekommen, beenden Sie das Folgen und geben das Repositorium neu an.
source-hook = Adresse des Hooks
source-commit = Commit
source-checked = Zuletzt nachgesehen
source-next = Nächstes Mal
source-pull = Jetzt aktualisieren
source-pulling = Der Server sieht jetzt nach. Laden Sie diese Seite gleich neu.
source-remove = Nicht mehr folgen
source-unfollowed = Das Verzeichnis folgt keinem Repositorium mehr. Seine Dateien bleiben.
source-fails = { $n ->
    [one] Der letzte Versuch ist gescheitert.
   *[other] Die letzten { $n } Versuche sind gescheitert.
}
source-runs = Letzte Versuche
source-no-runs = Der Server hat noch nicht nachgesehen.
run-cause = Anlass
run-outcome = Ergebnis
run-updated = neue Fassung
run-unchanged = nichts Neues
run-refused = abgelehnt
run-failed = gescheitert
run-waits = wartet
cause-schedule = Zeit
cause-asked = eine Person
cause-hook = Hook
cause-set = neue Einstellungen
source-wrong = Nichts wurde geändert: { $reason }
source-failing-since = Scheitert seit
source-looking = und der Server sieht jetzt nach
