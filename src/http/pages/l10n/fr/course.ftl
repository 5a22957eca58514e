# Les pages de ceux qui lisent tous les travaux.

course-empty = Il n’y a pas encore de devoirs.
course-empty-release = Un devoir apparaît ici quand il est distribué dans Formgrader ou avec
as-student = comme le voient les étudiant·e·s
everybody-title = Toutes les personnes et tous les devoirs
everybody-signs = ✓ à temps, L en retard, F retour donné, – pas rendu
everybody-more = Il y a d’autres personnes. Toutes sont montrées par
number-submitted = rendus
number-missing = pas encore
number-late = en retard
of-them-extended = { $n ->
    [one] dont { $n } avec plus de temps
   *[other] dont { $n } avec plus de temps
}
in-last-minute = dans la dernière minute
service-line = { $n ->
    [one] Le service accepte les travaux. Il en est venu { $n } dans les cinq dernières minutes.
   *[other] Le service accepte les travaux. Il en est venu { $n } dans les cinq dernières minutes.
}
curve-label = Le nombre de personnes qui ont rendu, au fil du temps
curve-table = La même chose en tableau
until = jusqu’à
state-not-released = pas distribué
state-opens-later = s’ouvre plus tard
state-released = distribué
released-version = distribué, version { $version }
state-extended = pas encore ; plus de temps, jusqu’au { $time }
now = Maintenant
pause = Suspendre
live-stale = Le service ne répond pas. Ces nombres sont plus anciens.
people = Étudiant·e·s
find = Chercher
show = Montrer
show-all = tout le monde
show-missing = pas encore rendu
show-late = en retard
show-in-time = à temps
show-extended = avec plus de temps
show-no-feedback = sans retour
show-others = plus inscrits
rows-shown = { $number } montrés
nobody-enrolled = Personne n’est inscrit, et personne n’a rendu de travail.
nobody-fits = Personne ne correspond à ce choix.
give-more-time = Donner plus de temps
all-as-zip = Derniers travaux en zip
too-many-for-zip = La classe est trop grande pour une archive. Utilisez nbgrader collect.
skip-table = passer le tableau
choose-all = choisir tous ceux qui sont montrés
last-submitted = Dernier rendu
times = Nombre
not-enrolled = plus inscrit
next-rows = personnes suivantes
given = donné
outdated = sur un travail antérieur
change-dates = changer les dates
have-more-time = { $n ->
    [one] { $n } personne a plus de temps
   *[other] { $n } personnes ont plus de temps
}

dates-title = Dates
opens = Ouverture
opens-at-once = tout de suite
never = jamais
date-field = Date
time-field = Heure
no-time = Ceci n’est pas une date et une heure. Écrivez la date comme 2027-02-01 et l’heure comme 23:59.
time-skipped = Les horloges sautent cette heure. Les heures les plus proches sont { $before } et { $after }.
form-has-errors = Rien n’a été modifié, car une date ne peut pas être lue.
changed-meanwhile = Les dates ont été modifiées entre-temps. Rien n’a été modifié maintenant. Regardez encore les conséquences.
see-consequences = Voir les conséquences
set-dates = Fixer ces dates
back = Retour
later-minutes = { $n ->
    [one] { $n } minute plus tard
   *[other] { $n } minutes plus tard
}
later-hours = { $n ->
    [one] { $n } heure plus tard
   *[other] { $n } heures plus tard
}
later-days = { $n ->
    [one] { $n } jour plus tard
   *[other] { $n } jours plus tard
}
would-be-in-time = { $n ->
    [one] { $n } travail en retard maintenant serait à temps.
   *[other] { $n } travaux en retard maintenant seraient à temps.
}
would-be-late = { $n ->
    [one] { $n } travail à temps maintenant serait en retard.
   *[other] { $n } travaux à temps maintenant seraient en retard.
}
would-be-useless = { $n ->
    [one] { $n } délai supplémentaire finirait avant l’échéance de tous.
   *[other] { $n } délais supplémentaires finiraient avant l’échéance de tous.
}

more-time-title = Plus de temps
for-everybody = Pour tout le monde :
user-names = Noms d’utilisateur, un par ligne
chosen-names = Choisis : { $names }
days-later = Plus tard de
days = Jours
nobody-extended = Personne n’a plus de temps.
extended-title = Personnes avec plus de temps
take-back = Retirer
more-time-always = Toujours, pour chaque devoir de ce cours
always-more = { $n ->
    [one] toujours { $n } heure de plus
   *[other] toujours { $n } heures de plus
}
hours-more = Heures de plus
no-hours = Écrivez le nombre d’heures, de 1 à 8760.
allowance-title = Toujours plus de temps
allowance-now = { $n ->
    [one] Cette personne a { $n } heure de plus pour chaque devoir de ce cours.
   *[other] Cette personne a { $n } heures de plus pour chaque devoir de ce cours.
}
allowance-none = Cette personne n’a pas de temps majoré.
allowance-explained = Les heures s’ajoutent à l’échéance et à la date limite de tous, aussi pour les devoirs passés. Un délai supplémentaire compte là où il est plus tardif. Un jour a 24 heures.
allowance-give = Donner toujours
would-extend = { $n ->
    [one] { $n } personne a le temps jusqu’au { $time }.
   *[other] { $n } personnes ont le temps jusqu’au { $time }.
}
would-allow = { $n ->
    [one] { $n } personne a toujours plus de temps dans ce cours. Heures de plus : { $hours }.
   *[other] { $n } personnes ont toujours plus de temps dans ce cours. Heures de plus : { $hours }.
}
would-be-replaced = { $n ->
    [one] { $n } d’entre elles a maintenant un autre temps propre, que ceci remplace.
   *[other] { $n } d’entre elles ont maintenant un autre temps propre, que ceci remplace.
}
nobody-chosen = Personne n’a été choisi. Écrivez chaque nom d’utilisateur sur une ligne.
too-many-chosen = { $n ->
    [one] Au plus { $n } personne reçoit plus de temps à la fois.
   *[other] Au plus { $n } personnes reçoivent plus de temps à la fois.
}
no-days = Écrivez le nombre de jours, de 1 à 365.
no-due-to-extend = Le devoir n’a pas d’échéance. Choisissez une date.
nobody-of-name = Personne du nom de { $name } n’est dans cette classe. Rien n’a été modifié.
note-field = Note
note-help = Celles et ceux qui enseignent la voient dans les événements, pas la personne.
note-too-long = { $n ->
    [one] La note dépasse { $n } caractère.
   *[other] La note dépasse { $n } caractères.
}
