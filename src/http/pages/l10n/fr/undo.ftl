# Ce qui vient d’être fait, et comment l’annuler.

undo = Annuler
taken-back = annulé
did-undo = Ceci a été annulé :
did-dates = Les dates de { $assignment } sont fixées : échéance { $due }, avant { $was }.
did-extension = { $subject } a plus de temps pour { $assignment } : échéance { $due }.
did-extensions = { $n ->
    [one] { $n } personne a plus de temps pour { $assignment }.
   *[other] { $n } personnes ont plus de temps pour { $assignment }.
}
did-extension-removed = { $subject } n’a plus de délai supplémentaire pour { $assignment }.
did-allowance = { $n ->
    [one] { $subject } a toujours { $n } heure de plus dans ce cours.
   *[other] { $subject } a toujours { $n } heures de plus dans ce cours.
}
did-allowances = { $n ->
    [one] { $n } personne a toujours plus de temps dans ce cours.
   *[other] { $n } personnes ont toujours plus de temps dans ce cours.
}
did-allowance-removed = { $subject } n’a plus de temps majoré dans ce cours.
now-in-time = { $n ->
    [one] { $n } dernier travail, qui était en retard, est maintenant à temps.
   *[other] { $n } derniers travaux, qui étaient en retard, sont maintenant à temps.
}
now-late = { $n ->
    [one] { $n } dernier travail, qui était à temps, est maintenant en retard.
   *[other] { $n } derniers travaux, qui étaient à temps, sont maintenant en retard.
}
did-release = La version { $version } de { $assignment } est distribuée.
did-unrelease = { $assignment } n’est plus distribué.
did-add = { $subject } est dans le cours, rôle : { $role }.
did-change = Les données de { $subject } sont modifiées.
did-roster = Les personnes du cours sont modifiées : { $added } inscrites, { $changed } modifiées.
did-roster-removed = { $subject } ne fait plus partie du cours.
did-course-changed = Les réglages du cours sont modifiés.
did-delete-assignment = { $assignment } est dans la corbeille.
did-restore-assignment = { $assignment } est rétabli.
did-delete-submission = Un travail de { $subject } pour { $assignment } est dans la corbeille.
did-restore-submission = Un travail de { $subject } pour { $assignment } est rétabli.
did-delete-feedback = Le retour à { $subject } sur { $assignment } est dans la corbeille.
did-restore-feedback = Le retour à { $subject } sur { $assignment } est rétabli.
