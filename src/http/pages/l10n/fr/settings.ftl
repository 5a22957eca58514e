# Les réglages d’un cours.

settings-title = Réglages
settings-course-title = Titre
settings-title-help = Il est montré avant le nom { $name }, qui reste.
settings-zone = Fuseau horaire
settings-zone-help = Les heures du cours sont montrées dans ce fuseau. À défaut, dans celui du service.
settings-wrong-title = Le titre dépasse 200 octets, ou contient un caractère qui ne peut pas être montré. Rien n’a été modifié.
settings-wrong-zone = Ce fuseau horaire n’existe pas. Écrivez-en un comme Europe/Berlin. Rien n’a été modifié.
settings-other-name = Ce n’est pas le nom du cours. Rien n’a été modifié.
settings-limits = Limites
settings-limits-by = Les personnes qui exploitent le service les ont fixées.
limit-none = aucune
limit-file = Taille d’un fichier
limit-files = Nombre de fichiers à la fois
limit-tree = Taille de tous les fichiers à la fois
limit-submissions = Travaux d’une personne pour un devoir
limit-person = Taille de tous les travaux, répertoires et pages partagées d’une personne
limit-course = Taille du cours
limit-trash = Durée dans la corbeille
days-long = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
settings-config = nbgrader_config.py
settings-config-help = Celles et ceux qui enseignent le cours mettent ces lignes dans leur nbgrader_config.py :
delete-course = Mettre le cours à la corbeille
delete-course-explained = Plus personne ne verra le cours. L’administration du service peut le rétablir avec tout ce qu’il contient.
delete-course-type = Écrivez son nom, { $name }
