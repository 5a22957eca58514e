# Le dépôt qu’un répertoire suit.

source-title = Dépôt
source-explained = Le serveur prend les fichiers de ce répertoire dans un dépôt Git et fait une version de chaque changement. Personne d’autre ne peut alors y écrire.
source-none = Ce répertoire ne suit aucun dépôt.
source-url = Adresse du dépôt
source-url-help = Par exemple https://git.example.org/algebra.git
source-branch = Branche (vide pour la branche par défaut)
source-folder = Dossier du dépôt (vide pour tout)
source-exclude = Exclure
source-exclude-help = Un motif par ligne, par exemple .solutions/ ou *_solution.ipynb
source-every = Vérifier de nouveau après
source-every-help = De 5m à 30d, et 1h si ce champ est vide. Le serveur vérifie aussi quand le hook est appelé.
source-token = Jeton
source-token-help = Seulement si le dépôt ne se lit pas sans jeton. Il est enregistré scellé et n’est jamais affiché. Saisissez-le de nouveau si le formulaire revient.
source-token-kept = Il y a un jeton. Laissez ce champ vide pour le garder. Il n’est jamais envoyé à une autre adresse.
source-token-remove = Retirer le jeton
source-solutions = Des notebooks avec solutions peuvent être publiés
source-set-title = Suivre un dépôt
source-set = Le répertoire suit le dépôt. Le serveur le vérifie maintenant.
source-secret = Voici le secret du hook, avec lequel le service du dépôt signe. Il n’est affiché que maintenant. Pour en avoir un autre, cessez de suivre le dépôt, puis indiquez-le de nouveau.
source-hook = Adresse du hook
source-commit = Commit
source-checked = Dernière vérification
source-next = Prochaine vérification
source-pull = Mettre à jour maintenant
source-pulling = Le serveur vérifie le dépôt maintenant. Rechargez cette page dans un instant.
source-remove = Ne plus suivre
source-unfollowed = Le répertoire ne suit plus de dépôt. Ses fichiers restent.
source-fails = { $n ->
    [one] La dernière vérification a échoué.
   *[other] Les { $n } dernières vérifications ont échoué.
}
source-runs = Dernières vérifications
source-no-runs = Le serveur n’a pas encore vérifié le dépôt.
run-cause = Cause
run-outcome = Résultat
run-updated = nouvelle version
run-unchanged = rien de nouveau
run-refused = refusé
run-failed = échec
run-waits = en attente
cause-schedule = horaire
cause-asked = une personne
cause-hook = hook
cause-set = nouveaux réglages
source-wrong = Rien n’a été changé : { $reason }
source-failing-since = En échec depuis
source-looking = et le serveur le vérifie maintenant
