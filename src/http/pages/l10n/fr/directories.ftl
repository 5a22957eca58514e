# Répertoires : ce qui leur est arrivé, et pourquoi une demande a été refusée.

event-directory-created = { $actor } a créé le répertoire { $directory }
event-directory-changed = { $actor } a changé le nom ou la description du répertoire { $directory }
event-directory-shared = { $actor } a changé l’accès au répertoire { $directory }
event-directory-written = { $actor } a changé des fichiers du répertoire { $directory }
event-directory-labelled = { $actor } a nommé une version du répertoire { $directory }
event-directory-reverted = { $actor } a remis une version antérieure du répertoire { $directory }
event-directory-deleted = { $actor } a supprimé le répertoire { $directory }
event-directory-restored = { $actor } a rétabli le répertoire { $directory }
failure-no-directory = Il n’y a pas de tel répertoire que vous puissiez voir.
failure-no-path = Le répertoire ne contient pas ce fichier.
failure-directory-exists = Un répertoire de ce nom existe déjà.
failure-directory-changed = Quelqu’un d’autre a changé le répertoire entre-temps. Rien n’a été changé maintenant.
failure-directory-entries = Le répertoire aurait trop de fichiers. Rien n’a été enregistré.
failure-directories = Vous avez autant de répertoires qu’une personne peut en avoir. Supprimez-en un d’abord.
event-source-set = { $actor } fait suivre un dépôt au répertoire { $directory }
event-source-pulled = { $actor } a fait vérifier le dépôt du répertoire { $directory }
event-source-removed = { $actor } a fait cesser le suivi d’un dépôt par le répertoire { $directory }
failure-from-source = Le répertoire suit le dépôt { $url }. Envoyez la modification dans ce dépôt.
failure-no-source = Ce répertoire ne suit aucun dépôt.
