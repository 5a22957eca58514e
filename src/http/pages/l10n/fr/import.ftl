# Inscrire des personnes à partir d’un fichier.

import-title = Inscrire des personnes à partir d’un fichier
import-link = Inscrire des personnes à partir d’un fichier
people-table = Télécharger en CSV
import-explained = La première ligne du fichier nomme les colonnes, par exemple nom d’utilisateur, prénom, nom, courriel. Les personnes du cours qui ne sont pas dans le fichier restent.
import-example = Un fichier pour commencer
import-file = Fichier CSV
import-limits = { $n ->
    [one] Au plus { $n } ligne et { $size }. Excel et LibreOffice enregistrent de tels fichiers en CSV.
   *[other] Au plus { $n } lignes et { $size }. Excel et LibreOffice enregistrent de tels fichiers en CSV.
}
import-paste = Ou collez les lignes ici
import-look = Voir les changements
import-other-file = Un autre fichier
import-user-column = Colonne des noms d’utilisateur de JupyterHub

import-nothing = Choisissez un fichier, ou collez des lignes. Rien n’a été modifié.
import-too-long = La liste dépasse { $size }. Divisez-la en plusieurs fichiers. Rien n’a été modifié.
import-too-many-lines = { $n ->
    [one] La liste a plus de { $n } ligne. Divisez-la en plusieurs fichiers. Rien n’a été modifié.
   *[other] La liste a plus de { $n } lignes. Divisez-la en plusieurs fichiers. Rien n’a été modifié.
}
import-unreadable = Le fichier n’est pas un texte dans un encodage connu. Dans Excel, enregistrez-le en « CSV UTF-8 ». Rien n’a été modifié.
import-open-quote = À la ligne { $line }, une cellule commence par un guillemet et ne finit pas par un guillemet. Rien n’a été modifié.
import-no-table = Le fichier n’est pas du CSV. Rien n’a été modifié.
import-no-user-column = Aucune colonne connue ne contient les noms d’utilisateur. Choisissez-la.
import-column-twice = Deux colonnes s’appellent { $name }. Retirez l’une d’elles. Rien n’a été modifié.
import-columns-alike = Ces colonnes ont le même sens : { $names }. Retirez l’une d’elles. Rien n’a été modifié.
import-changed-meanwhile = Des personnes de la liste ont été modifiées entre-temps. Rien n’a été modifié maintenant. Regardez encore les changements.
import-leave-out-first = Rien n’a été modifié, car des lignes sont inutilisables. Corrigez-les, ou choisissez de les laisser de côté.

import-look-first = Regarder avant de modifier
import-read-as = Lu en { $encoding }, { $separator }. Les noms d’utilisateur sont dans la colonne { $column }.
separator-comma = avec des virgules entre les cellules
separator-semicolon = avec des points-virgules entre les cellules
separator-tab = avec des tabulations entre les cellules
separator-bar = avec des barres verticales entre les cellules
separator-other = avec un séparateur que le fichier nomme
import-guessed = L’encodage est deviné. Vérifiez les noms avec des accents.
import-by-number = Aucune colonne ne contient les noms d’utilisateur, donc les numéros d’étudiant sont employés. Vérifiez que JupyterHub connaît les personnes sous ces numéros.
import-unused = Colonnes ignorées : { $names }
import-again = Ligne { $line } : { $name } est aussi à la ligne { $earlier }. La dernière ligne compte.
import-skipped = La ligne { $line } ne nomme personne et est passée.
import-alike = Ces noms se ressemblent et désignent des personnes différentes : { $names }
import-alike-by-case = Ces noms ne diffèrent que par les majuscules et désignent des personnes différentes : { $names }
import-count-new = nouvelles personnes
import-count-changed = avec d’autres données
import-count-there = déjà là
import-count-wrong = inutilisables
import-count-absent = seulement dans le cours ; elles restent
import-absent-who = Étudiant·e·s du cours qui ne sont pas dans le fichier
import-absent-more = Il y en a d’autres.
import-wrong-count = { $n ->
    [one] { $n } ligne est inutilisable
   *[other] { $n } lignes sont inutilisables
}
import-line = Ligne { $line }
import-line-number = Ligne
import-more-problems = { $n ->
    [one] { $n } autre ligne
   *[other] { $n } autres lignes
}
import-leave-out = { $n ->
    [one] Laisser de côté { $n } ligne
   *[other] Laisser de côté { $n } lignes
}
import-changes = Changements
import-what-happens = Ce qui se passe
import-more-changes = { $n ->
    [one] { $n } autre changement n’est pas montré.
   *[other] { $n } autres changements ne sont pas montrés.
}
import-changes-nothing = Cette liste ne change rien.
import-add = Inscrire { $added }, modifier { $changed }
import-new = nouvelle inscription, rôle : { $role }
import-role-was = rôle : { $after } au lieu de { $before }
import-first-name-was = prénom auparavant : { $before }
import-last-name-was = nom auparavant : { $before }
import-email-was = adresse auparavant : { $before }

import-teaches = { $name } enseigne dans ce cours et ne peut donc pas y étudier.
import-instructors = Seule l’administration du service inscrit ou modifie les enseignant·e·s, comme { $name }.
import-assistants = Seul·e·s les enseignant·e·s inscrivent ou modifient les assistant·e·s, comme { $name }.
import-wrong-width = Le nombre de cellules est { $cells }, mais celui des colonnes est { $columns }.
import-wrong-columns = La ligne répète les noms des colonnes.
import-wrong-empty = Le nom d’utilisateur manque.
import-wrong-long = Un nom ou une adresse est trop long.
import-wrong-role = { $role } n’est pas un rôle. Écrivez student, assistant ou instructor.
import-wrong-shortened = { $name } est un nombre abrégé par un tableur. Mettez la colonne au format texte et saisissez-le de nouveau.
import-wrong-quoted = { $name } est entre guillemets simples. Retirez-les.
import-wrong-formula = { $name } est une formule de tableur. Enregistrez le fichier avec ses valeurs.
import-wrong-separator = { $name } contient un séparateur, et la première ligne n’a qu’une colonne. Nommez toutes les colonnes dans la première ligne.
import-wrong-name = { $name } ne peut pas être un nom d’utilisateur.
import-wrong-guess = Les lettres de { $name } sont devinées, car l’encodage l’est. Enregistrez le fichier en « CSV UTF-8 ».
