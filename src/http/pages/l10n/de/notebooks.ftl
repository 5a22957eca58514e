# Die Arbeit der Studierenden an den Notebooks eines Kurses.

settings-activity = Die Arbeit der Studierenden an Notebooks zählen
settings-activity-help = Für jede Person, jedes Notebook und jeden Tag wird festgehalten, wie oft das Notebook geöffnet und gespeichert wurde, und die Zahl der Minuten, in denen daran gearbeitet wurde. Studierende lesen auf der Seite des Kurses, dass gezählt wird, und sehen die eigenen Zahlen.
notebooks-title = Arbeit an Notebooks
notebooks-counted = In diesem Kurs wird die Arbeit an Notebooks gezählt.
notebooks-see-own = Eigene Zahlen zeigen
notebooks-off = In diesem Kurs wird die Arbeit an Notebooks nicht gezählt. Frühere Zahlen werden noch eine begrenzte Zeit aufbewahrt.
notebooks-explained = Für jede Person, jedes Notebook und jeden Tag wird festgehalten, wie oft das Notebook geöffnet und gespeichert wurde, und in wie vielen Minuten es ausgeführt oder gespeichert wurde. Die Server der Studierenden melden das selbst. Die Zahlen beweisen also nichts. Uhrzeiten und Inhalte werden nicht festgehalten.
notebooks-own-explained = In diesem Kurs wird die Arbeit an Notebooks gezählt. Für jedes Notebook und jeden Tag wird festgehalten, wie oft Sie es geöffnet und gespeichert haben, und in wie vielen Minuten Sie es ausgeführt oder gespeichert haben. Uhrzeiten und Inhalte werden nicht festgehalten. Die Lehrenden und Assistierenden des Kurses sehen diese Zahlen, andere Studierende nicht.
notebooks-none = Es wurde keine Arbeit gezählt.
notebooks-by-student = Nach Studierenden
notebooks-by-notebook = Nach Notebooks
notebooks-by-day = Nach Tagen
notebooks-all = Alles zeigen
notebooks-student = Person
notebooks-notebook = Notebook
notebooks-day = Tag
notebooks-students = Studierende
notebooks-notebooks = Notebooks
notebooks-opens = Geöffnet
notebooks-saves = Gespeichert
notebooks-minutes = Minuten
notebooks-last-day = Letzter Tag
notebooks-more = Mehr zeigen
notebooks-table = Als Tabelle speichern
