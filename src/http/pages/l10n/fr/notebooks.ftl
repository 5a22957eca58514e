# Le travail des étudiants sur les notebooks d’un cours.

settings-activity = Compter le travail des étudiants sur les notebooks
settings-activity-help = Pour chaque étudiant, notebook et jour : combien de fois il a été ouvert et enregistré, et les minutes de travail. Les étudiants lisent que le travail est compté, et voient leurs propres chiffres.
notebooks-title = Travail sur les notebooks
notebooks-counted = Le travail sur les notebooks est compté dans ce cours.
notebooks-see-own = Afficher mes propres chiffres
notebooks-off = Le travail sur les notebooks n’est pas compté dans ce cours. Les chiffres d’avant restent jusqu’à la fin de leur délai.
notebooks-explained = Pour chaque étudiant, notebook et jour, l’échange garde combien de fois le notebook a été ouvert et enregistré, et le nombre de minutes où il a été exécuté ou enregistré. Les serveurs des étudiants l’annoncent eux-mêmes, ce n’est donc pas une preuve. Les heures et les contenus ne sont pas gardés.
notebooks-own-explained = Le travail sur les notebooks est compté dans ce cours. Pour chaque notebook et chaque jour, l’échange garde combien de fois vous l’avez ouvert et enregistré, et le nombre de minutes où vous l’avez exécuté ou enregistré. Les heures et les contenus ne sont pas gardés. Les enseignants du cours voient ces chiffres, les autres étudiants ne les voient pas.
notebooks-none = Il n’y a pas eu de travail.
notebooks-by-student = Par étudiant
notebooks-by-notebook = Par notebook
notebooks-by-day = Par jour
notebooks-all = Tout afficher
notebooks-student = Étudiant
notebooks-notebook = Notebook
notebooks-day = Jour
notebooks-students = Étudiants
notebooks-notebooks = Notebooks
notebooks-opens = Ouvert
notebooks-saves = Enregistré
notebooks-minutes = Minutes
notebooks-last-day = Dernier jour
notebooks-more = Afficher la suite
notebooks-table = Enregistrer comme tableau
