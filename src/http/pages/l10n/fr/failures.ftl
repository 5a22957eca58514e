# Les refus et les échecs.

failure-refused = Ceci a été refusé
failure-nothing = Il n’y a rien ici
failure-form = Le formulaire est mal rempli
failure-later = Veuillez réessayer plus tard
failure-internal = Quelque chose est en panne

failure-no-page = Il n’y a pas de page à cette adresse.
failure-no-course = Ce cours n’existe pas.
failure-no-assignment = Il n’y a pas de tel devoir que vous puissiez voir. Il n’est peut-être pas encore ouvert, ou il a été retiré.
failure-no-person = Cette personne n’est pas dans le cours.
failure-no-version = Cette version n’existe pas.
failure-no-submission = Ce travail rendu n’existe pas.
failure-no-submission-number = Il n’y a pas de travail rendu { $number }.
failure-no-feedback = Il n’y a pas de retour sur ce travail.
failure-no-extension = Cette personne n’a pas de délai supplémentaire.
failure-no-allowance = Cette personne n’a pas de temps majoré.
failure-no-login = Il n’y a pas de connexion ici, car le service fonctionne sans JupyterHub.
failure-course-exists = Un cours de ce nom existe déjà.
failure-assignment-exists = Un devoir de ce nom existe déjà.
failure-denied = Vous ne pouvez pas voir ou faire ceci. Vous êtes { $name }.
failure-instructors = Seule l’administration du service nomme et retire des enseignant·e·s. Vous êtes { $name }.
failure-instructor-as-student = Une personne qui enseigne dans le cours ne peut pas le suivre.
failure-by-group = Ce rôle vient du groupe { $group } de JupyterHub. Retirez plutôt la personne de ce groupe.
failure-changed-meanwhile = Une autre personne a modifié cela entre-temps. Rien n’a été modifié maintenant.
failure-too-late = Il est trop tard : rien n’est accepté après { $time }. Rien n’a été enregistré.
failure-dates = Un devoir s’ouvre d’abord, puis vient son échéance, puis il est refusé. Corrigez l’ordre des dates.
failure-file-size = Un fichier dépasse { $size }, la limite. Rien n’a été enregistré.
failure-request-size = Les fichiers dépassent ensemble { $size }, la limite. Rien n’a été enregistré.
failure-files = { $n ->
    [one] Il y a plus de { $n } fichier, la limite. Rien n’a été enregistré.
   *[other] Il y a plus de { $n } fichiers, la limite. Rien n’a été enregistré.
}
failure-paths = Les noms des fichiers sont ensemble trop longs. Rien n’a été enregistré.
failure-submissions = { $n ->
    [one] Vous avez rendu { $n } travail, ce qui est la limite. Rien n’a été enregistré.
   *[other] Vous avez rendu { $n } travaux, ce qui est la limite. Rien n’a été enregistré.
}
failure-own-quota = Vos travaux, vos répertoires et vos pages partagées dépasseraient { $size }, la limite pour une personne. Rien n’a été enregistré.
failure-course-quota = Le cours dépasserait { $size }, sa limite. Rien n’a été enregistré.
failure-space = Le service manque de place. Rien n’a été enregistré.
failure-changed = Les fichiers ont changé pendant l’envoi. Rien n’a été enregistré.
failure-former = Cette session appartient à un ancien compte du nom { $name }.
failure-maybe-done = La base de données n’a pas répondu à temps. La modification a peut-être été faite.
failure-damage = Un fichier conservé est endommagé. Rien de ce qui est à vous n’a été modifié.
failure-storage = Le service n’atteint pas son stockage. Rien n’a été modifié.
failure-bug = Une erreur du service lui-même a empêché ceci. Sa cause est dans son journal.
failure-media = Le navigateur a envoyé le formulaire sous une forme qui n’est pas lue ici.
failure-odd-form = Le formulaire dépasse une limite du service. Rien n’a été enregistré.
failure-field-size = Un champ dépasse { $size }. Raccourcissez-le. Rien n’a été enregistré.
failure-too-many-items = { $n ->
    [one] La liste a plus de { $n } élément. Rien n’a été enregistré.
   *[other] La liste a plus de { $n } éléments. Rien n’a été enregistré.
}
failure-timeout = L’envoi s’est arrêté. Rien n’a été enregistré.
failure-rate = Trop de requêtes sont venues en peu de temps.
failure-open = Vous avez trop de requêtes ou d’envois en cours.
failure-read-only = Ces pages ne font que montrer. Utilisez une commande pour modifier quelque chose.
failure-unknown = Votre navigateur n’a pas de session ici.
failure-hub = JupyterHub ne répond pas.
failure-other-site = Cette requête vient d’un autre site.
failure-session = La page était trop ancienne, ou vous avez été déconnecté entre-temps. Rien n’a été modifié.
failure-not-opened = Cette adresse est une page pour des personnes.
failure-host = Sans JupyterHub, ce service ne répond que sur cette machine.
failure-login = Cette connexion n’a pas commencé dans ce navigateur, ou il y a trop longtemps.

failure-help-again = Réessayez dans un instant.
failure-help-wait = Attendez quelques secondes, puis réessayez.
failure-help-reload = Revenez en arrière, rechargez la page et réessayez.
failure-help-tab = Ouvrez-la dans un onglet du navigateur.
failure-help-login = Reconnectez-vous.
failure-help-look = Regardez si elle a été faite avant de réessayer.
failure-help-operator = Prévenez les responsables du service.
failure-help-instructor = Si vous devriez pouvoir le faire, demandez à l’enseignant·e du cours.
failure-help-instructor-time = Demandez plus de temps à l’enseignant·e du cours.
failure-help-leave-out = Laissez de côté les gros fichiers inutiles.
