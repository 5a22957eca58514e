"""nbgrader of the hub uses the exchange."""

import nbcourier

nbcourier.configure(get_config())  # noqa: F821 (Jupyter provides it)
