# Les personnes, les événements et la corbeille d’un cours.

people-title = Personnes
activity-title = Activité
trash-title = Corbeille
role = Rôle
role-student = étudiant·e
role-assistant = assistant·e
role-instructor = enseignant·e
by-group = par un groupe de JupyterHub
add-person = Inscrire une personne, ou changer ses données
add-button = Inscrire
user-name = Nom d’utilisateur
user-name-help = Tel que JupyterHub le connaît.
first-name = Prénom
last-name = Nom
email = Adresse
nobody-in-course = Personne n’est dans ce cours.
take-off = Retirer
take-off-title = Retirer une personne
take-off-explained = { $name } ne verra plus le cours. Ses travaux et ses retours restent. Vous pouvez l’inscrire de nouveau.
no-user-name = Ceci ne peut pas être un nom d’utilisateur. Rien n’a été modifié.
no-role = Choisissez un rôle. Rien n’a été modifié.

trash-kept = { $n ->
    [one] Ce qui est supprimé peut être rétabli pendant { $n } jour.
   *[other] Ce qui est supprimé peut être rétabli pendant { $n } jours.
}
trash-empty = Rien ne peut être rétabli.
thing = Quoi
deleted-at = Supprimé
removed-at = Perdu le
restore = Rétablir
trash-assignment = Devoir { $name }
submission-count = { $n ->
    [one] { $n } travail
   *[other] { $n } travaux
}
trash-submission = Travail de { $name } pour
trash-feedback = Retour à { $name } sur
done-restored = C’est rétabli.
nothing-chosen = Rien n’a été choisi. Rien n’a été modifié.

activity-empty = Rien ne s’est encore passé.
activity-none = Aucun événement ne correspond à ce filtre. Afficher
activity-who = Nom d’utilisateur
activity-what = Quoi
activity-everything = tout
activity-submissions = travaux rendus
activity-refusals = travaux refusés
activity-feedback = retours
activity-releases = publications
activity-dates = dates et temps supplémentaire
activity-people = personnes
activity-material = matériel et pages partagées
activity-course = le cours lui-même
activity-from = Du
activity-to = Au
activity-no-date = Ce n’est pas une date. Écrivez-la ainsi : 2027-02-01.
person-refusals = Travaux refusés
person-activity = Toute l’activité de cette personne
what-happened = Ce qui s’est passé
earlier = plus tôt
event-course-created = { $actor } a créé le cours
event-course-deleted = { $actor } a supprimé le cours
event-course-restored = { $actor } a rétabli le cours
event-course-changed = { $actor } a changé les réglages du cours
event-roster-changed = { $actor } a changé les personnes du cours
event-roster-removed = { $actor } a retiré { $subject } du cours
event-released = { $actor } a distribué { $assignment }
event-unreleased = { $actor } a retiré { $assignment }
event-assignment-deleted = { $actor } a supprimé { $assignment }
event-assignment-restored = { $actor } a rétabli { $assignment }
event-dates-set = { $actor } a fixé les dates de { $assignment } : échéance { $due }, avant { $was }
event-extension-set = { $actor } a donné à { $subject } plus de temps pour { $assignment } : échéance { $due }
event-extension-removed = { $actor } a retiré le délai supplémentaire de { $subject } pour { $assignment }
event-allowance-set = { $n ->
    [one] { $actor } a donné à { $subject } { $n } heure de plus pour chaque devoir
   *[other] { $actor } a donné à { $subject } { $n } heures de plus pour chaque devoir
}
event-allowance-removed = { $actor } a retiré le temps majoré de { $subject }
event-submitted = { $actor } a rendu { $assignment }
event-submitted-for = { $actor } a rendu { $assignment } pour { $subject }
event-refused = Un travail de { $subject } pour { $assignment } a été refusé
event-submission-deleted = { $actor } a supprimé un travail de { $subject } pour { $assignment }
event-submission-restored = { $actor } a rétabli un travail de { $subject } pour { $assignment }
event-feedback-given = { $actor } a donné à { $subject } un retour sur { $assignment }
event-feedback-deleted = { $actor } a supprimé le retour à { $subject } sur { $assignment }
event-feedback-restored = { $actor } a rétabli le retour à { $subject } sur { $assignment }
event-imported = { $actor } a repris des données
event-imported-submission = { $actor } a repris des travaux de { $subject } pour { $assignment }
event-imported-assignment = { $actor } a repris { $assignment }
event-joined = { $actor } est venu par un groupe de JupyterHub
event-left = { $actor } est parti par un groupe de JupyterHub
event-other = { $actor } : { $action }
actor-operator = Un exploitant
actor-server = Le service
event-trash-emptied = { $actor } a retiré définitivement de la corbeille ce dont le délai était passé
event-events-forgotten = { $actor } a retiré les événements dont le délai était passé
event-example-data = { $actor } a remplacé toutes les données par des exemples, ou les a retirées
event-user-renamed = { $actor } a renommé { $formerly } en { $subject }
event-user-merged = { $actor } a donné tout ce qui était à { $formerly } à { $subject }
event-user-set-aside = { $actor } a mis de côté les travaux de { $formerly } sous le nom { $subject }
event-user-purged = { $actor } a retiré une personne, qui s’appelle maintenant { $subject }
