# Ce que les serveurs des membres d’un cours ont reçu à leur démarrage.

starts-title = Démarrages de serveurs
starts-explained = Quand le serveur d’un membre démarre, il reçoit les répertoires du cours qui sont livrés aux démarrages, et annonce ce qu’il a reçu. Ces indications viennent du serveur du membre. Les démarrages sans nouveauté sont annoncés une fois par mois.
starts-none = Aucun démarrage n’a été annoncé.
starts-only-failed = N’afficher que les échecs
starts-all = Tout afficher
starts-of-directory = { $directory } : { $all }
starts-have-version = { $n ->
    [one] { $n } a la version { $version }
   *[other] { $n } ont la version { $version }
}
starts-no-version = { $n ->
    [one] { $n } n’a annoncé aucune version
   *[other] { $n } n’ont annoncé aucune version
}
starts-partly = { $n ->
    [one] { $n } n’a qu’une partie
   *[other] { $n } n’ont qu’une partie
}
starts-failed = { $n ->
    [one] { $n } échec
   *[other] { $n } échecs
}
starts-reason = { $outcome } : { $reason }
start-person = Personne
start-outcome = Résultat
start-report = Rapport
start-updated = mis à jour
start-unchanged = rien de nouveau
start-partly = en partie
start-failed = échec
start-received = { $n ->
    [one] { $n } fichier reçu
   *[other] { $n } fichiers reçus
}
start-removed = { $n ->
    [one] { $n } fichier retiré
   *[other] { $n } fichiers retirés
}
start-kept = Remplacés ou retirés, et mis de côté : { $names }
start-beside = Modifiés des deux côtés, le nouveau est à côté : { $names }
start-mine = Fichiers personnels qui ont reçu un autre nom : { $names }
start-left = Modifications personnelles qui restent : { $names }
start-blocked = Laissés tels quels, car quelque chose gêne : { $names }
start-cut = Le rapport était trop long, il est abrégé.
start-log = Sortie du script de démarrage
