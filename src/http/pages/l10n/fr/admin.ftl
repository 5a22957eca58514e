# Les pages de l’administration.

nav-admin = Administration
admin-state = État
admin-courses = Cours
admin-people = Personnes
admin-storage = Espace
admin-settings = Réglages
admin-registrars = Qui peut inscrire

level-ok = En ordre
level-warning = À changer :
level-wrong = Ne fonctionne pas :
all-is-well = Tout va bien.
stored = Enregistré
submissions-lately = travaux rendus en cinq minutes
refusals-lately = travaux refusés en un jour
running-version = Ceci est nbcourier { $version }.
running-since = En service depuis

make-course = Créer un cours
course-name = Nom du cours
course-name-help = Il figure dans les fichiers nbgrader_config.py et ne peut plus être changé.
instructors-field = Noms d’utilisateur des enseignant·es, un par ligne
instructors-help = Les membres du groupe formgrade-COURS de JupyterHub enseignent aussi, sauf si les réglages nomment d’autres groupes.
make = Créer
no-course-name = Un cours ne peut pas s’appeler ainsi. Écrivez le nom sans barre oblique et sans caractère invisible. Rien n’a été créé.
no-such-name = { $name } ne peut pas être un nom d’utilisateur. Rien n’a été créé.
done-course = Le cours { $name } existe.
unknown-teachers = Le service ne connaît pas encore ces noms : { $names }. Si un nom est mal écrit, la personne ne verra pas le cours.
courses-found = { $n ->
    [one] { $n } cours trouvé
   *[other] { $n } cours trouvés
}
no-courses = Il n’y a pas encore de cours.
no-course-fits = Aucun cours n’a ce texte dans son nom ou son titre.
all-courses = tous les cours
taught-by = Enseigné par
and-more = { $n ->
    [one] { $names } et { $n } autre
   *[other] { $names } et { $n } autres
}
submissions = Travaux
last-used = Dernier usage
size-of = { $size } sur { $limit }
previous-courses = cours précédents
next-courses = cours suivants
sizes-later = Les tailles sont en train d’être comptées. Rechargez la page dans un instant.

name-or-part = Nom d’utilisateur, ou partie d’un nom
account-made = Compte créé
former-owners = Travaux des anciens titulaires du nom
in-trash = dans la corbeille
commands = Commandes
commands-explained = Ces changements n’ont pas de page, car la plupart sont irréversibles. Exécutez les commandes sur la machine du service, sous son compte. Ajoutez --data-dir si le service a ce réglage.
command-show = Montrer tout ce qui est enregistré sous ce nom :
command-rename = Donner un autre nom à la personne :
command-merge = Donner tout à un autre nom de la même personne :
command-export = Écrire tout ce qui concerne la personne dans une archive :
command-purge = Retirer la personne définitivement :
command-adopt = Rendre les travaux de l’ancien compte, si c’est la même personne :
nothing-under-name = Rien n’est enregistré sous le nom { $name }.
similar-people = Noms qui le contiennent

disk = Disque
free-of = { $free } sur { $total } sont libres
bucket = Bucket des grands fichiers
database = Base de données
contents = Contenus enregistrés
contents-of = { $n ->
    [one] { $size } dans { $n } contenu ; les fichiers égaux comptent une fois
   *[other] { $size } dans { $n } contenus ; les fichiers égaux comptent une fois
}
removed-objects = Objets en attente de suppression
object-count = { $n ->
    [one] { $n } objet
   *[other] { $n } objets
}
trash-courses = { $n ->
    [one] { $n } cours est dans la corbeille.
   *[other] { $n } cours sont dans la corbeille.
}
trash-assignments = { $n ->
    [one] { $n } devoir a été supprimé seul.
   *[other] { $n } devoirs ont été supprimés seuls.
}
trash-submissions = { $n ->
    [one] En tout, cela fait { $n } travail.
   *[other] En tout, cela fait { $n } travaux.
}
trash-bytes = Leurs fichiers font { $size }. Les fichiers que d’autres travaux ont aussi restent quand la corbeille est vidée.
clean-up-frees = Un nettoyage libérerait maintenant au plus { $size }.
clean-up-frees-nothing = Un nettoyage ne libérerait maintenant rien de la corbeille, car aucun travail supprimé n’a passé son délai.
clean-up-by-hand = Le service nettoie toutes les heures. À la main :
deleted-courses = Cours supprimés
largest-courses = Les plus grands cours
largest-people = Personnes avec le plus de données
counted-at = Compté
counted-how = Les fichiers égaux d’une personne dans un cours comptent une fois, comme pour les limites.

trash-of-courses = Ce qui a été supprimé dans un cours est dans la corbeille de ce cours.
more-courses = Il y en a d’autres. La liste complète :

settings-explained = Les réglages de ce service, dans l’ordre de l’aide. Les secrets n’y sont pas. La même liste :
setting = Réglage
value = Valeur
set-by = Fixé par
by-default = par défaut

registrars-group = Les membres du groupe { $group } de JupyterHub inscrivent dans tous les cours.
registrars-none = Personne n’inscrit sans enseigner le cours ou administrer le service.
registrars-how = Pour que d’autres le puissent, réunissez-les dans un groupe de JupyterHub, et nommez-le :
registrars-may = Ces personnes voient et changent qui suit un cours, dans tous les cours. Elles ne lisent aucun travail et ne nomment personne.
teachers-may = Les enseignant·es inscrivent dans leurs propres cours, et nomment des assistant·es.
admins-may = Administrateurs et administratrices nommés dans les réglages, qui peuvent tout : { $admins }
