# Le travail des étudiants sur les notebooks d’un cours.

settings-activity = Compter le travail des étudiant·e·s sur les notebooks
settings-activity-help = Pour chaque personne, notebook et jour, le service garde combien de fois le notebook a été ouvert et enregistré, et le nombre de minutes de travail. La page du cours indique aux étudiant·e·s que le travail est compté. Chaque personne voit ses propres chiffres.
notebooks-title = Travail sur les notebooks
notebooks-counted = Le travail sur les notebooks est compté dans ce cours.
notebooks-see-own = Afficher mes propres chiffres
notebooks-off = Le travail sur les notebooks n’est pas compté dans ce cours. Les chiffres antérieurs sont encore gardés un temps limité.
notebooks-explained = Pour chaque personne, notebook et jour, le service garde combien de fois le notebook a été ouvert et enregistré, et le nombre de minutes pendant lesquelles il a été exécuté ou enregistré. Ce sont les serveurs des étudiant·e·s qui l’annoncent, ce n’est donc pas une preuve. Les heures et les contenus ne sont pas gardés.
notebooks-own-explained = Le travail sur les notebooks est compté dans ce cours. Pour chaque notebook et chaque jour, le service garde combien de fois vous l’avez ouvert et enregistré, et le nombre de minutes pendant lesquelles vous l’avez exécuté ou enregistré. Les heures et les contenus ne sont pas gardés. Les enseignants et assistants du cours voient ces chiffres, les autres étudiant·e·s ne les voient pas.
notebooks-none = Aucun travail n’a été compté.
notebooks-by-student = Par étudiant
notebooks-by-notebook = Par notebook
notebooks-by-day = Par jour
notebooks-all = Tout afficher
notebooks-student = Personne
notebooks-notebook = Notebook
notebooks-day = Jour
notebooks-students = Étudiant·e·s
notebooks-notebooks = Notebooks
notebooks-opens = Ouvert
notebooks-saves = Enregistré
notebooks-minutes = Minutes
notebooks-last-day = Dernier jour
notebooks-more = Afficher la suite
notebooks-table = Enregistrer comme tableau
