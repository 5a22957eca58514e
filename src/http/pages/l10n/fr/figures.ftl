# Les chiffres d’un cours.

figures-title = Chiffres
figures-explained = Seul·e·s les étudiant·e·s du cours comptent. Le dernier travail d’une personne pour un devoir compte, avec le délai de cette personne.
figures-none = Il n’y a pas de chiffres avant la distribution du premier devoir.
figures-submitted = Rendus, par devoir
figures-feedback = Avec retour
figures-wait = Attente du retour
figures-wait-explained = L’attente va de l’échéance jusqu’à ce que la moitié des personnes avec un retour aient eu leur premier retour.
figures-days = { $n ->
    [one] { $n } jour
   *[other] { $n } jours
}
figures-older = { $n ->
    [one] { $n } devoir plus ancien ne figure pas ici.
   *[other] { $n } devoirs plus anciens ne figurent pas ici.
}
figures-before-due = Temps restant au moment du rendu
figures-span = Avant l’échéance
before-3-days = plus de 3 jours
before-1-day = de 1 à 3 jours
before-6-hours = de 6 à 24 heures
before-1-hour = de 1 à 6 heures
before-due = la dernière heure
after-due = en retard
figures-times = Travaux d’une personne pour un devoir
figures-how-often = Combien de fois
figures-hours = Travaux par jour et par heure
figures-from = Dès
hours-explained = { $n ->
    [one] Une heure a un nombre si au moins { $n } personne a rendu un travail pendant celle-ci.
   *[other] Une heure a un nombre si au moins { $n } personnes différentes ont rendu un travail pendant celle-ci. Les groupes plus petits ne sont pas montrés.
}
hours-none = Aucune heure n’a encore assez de personnes.
figures-weeks = Personnes vues, par semaine
weeks-explained = Le service voit une personne qui rend un travail, récupère un devoir ou lit un retour. Des récupérations et des lectures répétées, il garde la première et la dernière. Le tableau couvre un an au plus.
weeks-none = Personne n’a encore été vu.
figures-week = Semaine du
weeks-seen = Cette semaine
weeks-so-far = Jusque-là
