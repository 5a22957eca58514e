# Qui a récupéré un devoir, et qui a lu un retour.

show-not-fetched = même pas récupéré
fetched-version = { $n ->
    [one] { $n } personne a récupéré la version { $version }.
   *[other] { $n } personnes ont récupéré la version { $version }.
}
fetched-only = { $n ->
    [one] { $n } personne n’a récupéré que la version { $version }.
   *[other] { $n } personnes n’ont récupéré que la version { $version }.
}
not-even-fetched = { $n ->
    [one] { $n } personne n’a pas rendu de travail et n’a même pas récupéré le devoir.
   *[other] { $n } personnes n’ont pas rendu de travail et n’ont même pas récupéré le devoir.
}
read-at = lu le { $time }
not-read = pas encore lu
