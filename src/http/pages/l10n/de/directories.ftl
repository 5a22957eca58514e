# Verzeichnisse: was mit ihnen geschah, und warum etwas abgelehnt wurde.

event-directory-created = { $actor } hat das Verzeichnis { $directory } angelegt
event-directory-changed = { $actor } hat den Namen oder die Beschreibung des Verzeichnisses { $directory } geändert
event-directory-shared = { $actor } hat den Zugriff auf das Verzeichnis { $directory } geändert
event-directory-written = { $actor } hat Dateien im Verzeichnis { $directory } geändert
event-directory-labelled = { $actor } hat eine Fassung des Verzeichnisses { $directory } benannt
event-directory-reverted = { $actor } hat eine frühere Fassung des Verzeichnisses { $directory } zurückgeholt
event-directory-deleted = { $actor } hat das Verzeichnis { $directory } gelöscht
event-directory-restored = { $actor } hat das Verzeichnis { $directory } wiederhergestellt
failure-no-directory = Es gibt kein solches Verzeichnis, das Sie sehen dürfen.
failure-no-path = Das Verzeichnis enthält keine solche Datei.
failure-directory-exists = Ein Verzeichnis dieses Namens gibt es schon.
failure-directory-changed = Jemand anderes hat das Verzeichnis inzwischen geändert. Jetzt wurde nichts geändert.
failure-directory-entries = Das Verzeichnis hätte zu viele Dateien. Es wurde nichts gespeichert.
failure-directories = Sie haben so viele Verzeichnisse, wie eine Person haben darf. Löschen Sie zuerst eines.
event-source-set = { $actor } lässt das Verzeichnis { $directory } einem Repositorium folgen
event-source-pulled = { $actor } hat im Repositorium des Verzeichnisses { $directory } nachsehen lassen
event-source-removed = { $actor } lässt das Verzeichnis { $directory } keinem Repositorium mehr folgen
failure-from-source = Das Verzeichnis folgt dem Repositorium { $url }. Übertragen Sie die Änderung dorthin.
failure-no-source = Dieses Verzeichnis folgt keinem Repositorium.
