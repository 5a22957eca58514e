# Les mots communs à plusieurs pages, et les pages pour tout le monde.

## Le cadre
skip-to-content = Aller au contenu
nav-main = Navigation principale
nav-path = Chemin
nav-tabs = Pages de cette section
nav-courses = Mes cours
nav-hub = JupyterHub
nav-help = Aide
nav-logout = Se déconnecter
times-in = Les heures sont celles du fuseau { $zone }.
change-settings = Changer la langue et les couleurs
contact = Les responsables de ce service : { $contact }
request-id = Requête { $id }. Donnez ce numéro aux responsables du service.

## Les heures
weekday-1 = lun.
weekday-2 = mar.
weekday-3 = mer.
weekday-4 = jeu.
weekday-5 = ven.
weekday-6 = sam.
weekday-7 = dim.
month-1 = janv.
month-2 = févr.
month-3 = mars
month-4 = avr.
month-5 = mai
month-6 = juin
month-7 = juil.
month-8 = août
month-9 = sept.
month-10 = oct.
month-11 = nov.
month-12 = déc.
date = { $weekday } { $day } { $month }
date-with-year = { $weekday } { $day } { $month } { $year }
time-own = { $time } pour vous
just-now = à l’instant
in-a-moment = dans un instant
in-minutes = { $n ->
    [one] dans { $n } minute
   *[other] dans { $n } minutes
}
minutes-ago = { $n ->
    [one] il y a { $n } minute
   *[other] il y a { $n } minutes
}
in-hours = { $n ->
    [one] dans { $n } heure
   *[other] dans { $n } heures
}
hours-ago = { $n ->
    [one] il y a { $n } heure
   *[other] il y a { $n } heures
}
in-days = { $n ->
    [one] dans { $n } jour
   *[other] dans { $n } jours
}
days-ago = { $n ->
    [one] il y a { $n } jour
   *[other] il y a { $n } jours
}

## Les termes
assignment = Devoir
course = Cours
student = Étudiant·e
due = À rendre
state = État
files = Fichiers
receipt = Récépissé
bytes = octets
submitted-at = Rendu
refused-after = Refusé après
state-submitted = rendu
state-missing = pas encore
state-in-time = à temps
state-late = en retard
next-due = Prochain devoir
nothing-due = rien
submitted-by = Rendu par
students = { $n ->
    [one] { $n } personne
   *[other] { $n } personnes
}
file-count = { $n ->
    [one] { $n } fichier
   *[other] { $n } fichiers
}
save = Enregistrer
saved = Enregistré.

## L’accueil
home-title = Mes cours
home-due = À rendre bientôt
home-feedback = Nouveaux retours
home-taught = Cours que vous enseignez
home-taken = Cours que vous suivez
home-more = Vous êtes dans d’autres cours que ceux-ci.
home-none = Vous n’êtes encore dans aucun cours. Votre enseignant·e peut vous inscrire. Rechargez ensuite cette page.
home-none-name = Votre nom d’utilisateur est { $name }. Donnez-le à votre enseignant·e.
home-missing-course = S’il manque un cours, vos groupes ont peut-être changé depuis votre connexion.
home-set-aside = Le travail d’un ancien compte à votre nom a été mis de côté le { $days }, car JupyterHub a recréé le compte. Rien n’en est perdu.
home-set-aside-ask = Si ce compte était le vôtre, demandez à l’administration de ce JupyterHub de vous rendre le travail.
home-set-aside-ask-admins = Si ce compte était le vôtre, demandez à l’administration de ce service ({ $admins }) de vous rendre le travail.

## La connexion
log-in-again = Se reconnecter
claim-title = Votre nom
claim-explained = Ce service fonctionne seul, pour l’essayer. Chaque personne est celle qu’elle dit être.
claim-name = Nom d’utilisateur
claim-go = Continuer
claim-refused = Ceci ne peut pas être un nom d’utilisateur. Utilisez des lettres, des chiffres et des tirets.
claim-admins = L’administration, qui voit tout : { $names }
logged-out-title = Déconnecté
logged-out = Vous êtes déconnecté ici. JupyterHub vous connaît encore : déconnectez-vous aussi là-bas si d’autres utilisent ce navigateur.

## L’aide
help-title = Aide
help-configure = Relier nbgrader à ce service
help-on-hub = Dans un serveur de notebooks de ce JupyterHub, mettez ceci dans nbgrader_config.py :
help-elsewhere = Ailleurs, nommez l’adresse de ce service :
help-older = L’ancien paquet ngshare_exchange fonctionne aussi
help-submit = Comment rendre un devoir
help-submit-lab = Dans JupyterLab, ouvrez Nbgrader, puis Assignment List, et choisissez Submit.
help-submit-terminal = Dans un terminal :
help-submit-browser = Dans un navigateur, ouvrez le devoir ici et envoyez les fichiers.
help-words = Termes
help-in-time = Rendu avant l’échéance.
help-late = Rendu après l’échéance. Votre enseignant·e décide de ce qui en suit.
help-refused = Rien ne peut être rendu après cette heure.
help-receipt = Une preuve signée de ce qui a été rendu, et quand.
help-keys = Touches
help-key-find = trouver une personne dans une liste
help-key-help = ouvrir cette page

## Les réglages
me-title = Langue et couleurs
me-by-hub = Vous êtes { $name }, par JupyterHub.
me-by-claim = Vous êtes { $name }, selon vos dires.
me-groups = Groupes : { $groups }.
me-language = Langue
me-language-browser = Selon le navigateur
me-theme = Couleurs
theme-system = Selon le système
theme-light = Claires
theme-dark = Sombres
me-somebody-else = Être quelqu’un d’autre
me-stored = Seul ce navigateur retient ces réglages.
me-odd = Cette langue ou ces couleurs n’existent pas ici.

## Les récépissés
receipts-title = Vérifier un récépissé
receipts-explained = Un récépissé prouve que des fichiers ont été rendus à une certaine heure. Collez son texte ici.
receipts-paste = Récépissé
receipts-check = Vérifier
receipts-unreadable = Ce texte n’est pas un récépissé. Collez tout le contenu du fichier receipt.json.
receipts-foreign = Ce récépissé n’est pas authentique : ce service ne l’a pas donné, ou son texte a été modifié.
receipts-genuine = Ce récépissé est authentique.
receipts-stored = Le travail est conservé tel qu’il a été rendu.
receipts-gone = Le travail n’est plus conservé.
