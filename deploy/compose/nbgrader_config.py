"""nbgrader on the notebook servers of compose.yaml."""

import nbcourier

nbcourier.configure(get_config())  # noqa: F821 (Jupyter provides it)
