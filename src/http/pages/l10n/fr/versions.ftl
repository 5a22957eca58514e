# Les versions d’un devoir.

versions-title = Versions et fichiers
versions-link = versions et fichiers
version = Version
version-number = Version { $version }
version-zip = zip
versions-more = Il y a aussi des versions plus anciennes.
released-at = Distribuée
released-by = Par
is-current = actuelle
not-released-now = Le devoir n’est pas distribué. Les étudiant·e·s ne le voient pas.
no-versions = Rien n’a encore été distribué.
files-of-version = Fichiers de la version { $version }
compared-with = Comparée à la version { $version }
differences = Différences avec la version actuelle
difference = Différence
file-new = nouveau
file-changed = modifié
file-removed = n’y est plus

release-again = Redistribuer
again-title = Redistribuer la version { $version }
again-explained = Les fichiers de la version { $version } deviennent la version { $next }.
again-same = La version actuelle a les mêmes fichiers. Il n’y a rien à changer.
fetch-again = Les personnes qui ont déjà récupéré le devoir reçoivent les nouveaux fichiers à la prochaine récupération.
have-submitted = { $n ->
    [one] { $n } personne a rendu. Les travaux restent.
   *[other] { $n } personnes ont rendu. Leurs travaux restent.
}

add-files-title = Ajouter ou remplacer des fichiers
add-files-explained = Les fichiers deviennent une nouvelle version, avec les fichiers de la version { $version } qu’ils ne remplacent pas.
add-files-first = Les fichiers deviennent la première version.
add-files-source = Votre propre répertoire du devoir n’est pas modifié. Modifiez aussi les fichiers là-bas.
add-files-folder = Les chemins dans le dossier comptent, sans son propre nom.
add-files-button = Distribuer la nouvelle version
add-files-none = Aucun fichier n’a été choisi. Rien n’a été modifié.
add-files-clash = { $name } ne peut pas être à la fois un fichier et un répertoire. Rien n’a été modifié.

take-back-title = Retirer la distribution
take-back-explained = Les étudiant·e·s ne verront plus le devoir et ne pourront plus rendre de travail. Rien n’est supprimé. Vous pouvez le redistribuer.

delete-assignment-title = Mettre le devoir à la corbeille
delete-assignment-explained = Plus personne ne verra le devoir. Son nom est libre tout de suite. Avec lui partent :
delete-assignment-submissions = { $n ->
    [one] { $n } travail
   *[other] { $n } travaux
}
delete-assignment-feedback = { $n ->
    [one] retours à { $n } personne
   *[other] retours à { $n } personnes
}
delete-assignment-extensions = { $n ->
    [one] { $n } délai supplémentaire
   *[other] { $n } délais supplémentaires
}
more-removed = { $n ->
    [one] Et { $n } fichier supprimé de plus.
   *[other] Et { $n } fichiers supprimés de plus.
}
