"""JupyterHub with nbcourier as a service that the hub starts, proxies and stops.

Works as it stands with JupyterHub 5 and 6, and holds nothing but what nbcourier needs: how people log in and where
their notebook servers run stays as your own configuration says. The values at the top may also be given as
environment variables of the hub.
"""

import os

c = get_config()  # noqa: F821 (JupyterHub provides it)

# The program, when it is not on the hub's PATH.
command = os.environ.get("NBCOURIER_COMMAND", "nbcourier")

# Where everything that people hand in is kept. Back it up; nobody but the service needs to read it.
data_dir = os.environ.get("NBCOURIER_DATA_DIR", "/srv/nbcourier")

# Where the service listens. The hub's proxy reaches it here and adds /services/nbcourier/ to the hub's own address.
url = os.environ.get("NBCOURIER_SERVICE_URL", "http://127.0.0.1:10101")

# Who may make and delete courses, by their names at the hub, with commas between.
admins = os.environ.get("NBCOURIER_ADMINS", "")

c.JupyterHub.services = [
    {
        "name": "nbcourier",
        "url": url,
        "command": [
            command,
            "serve",
            f"--data-dir={data_dir}",
            f"--admins={admins}",
        ],
        # The service belongs to the hub, so nobody has to be asked whether it may know their name.
        "oauth_no_confirm": True,
        # As root the hub can start the service as another account, which then owns the data directory:
        # "user": "nbcourier",
    }
]

# Without this the service's pages turn people away after they logged in. nbgrader works without it: the token of a
# person's own notebook server is enough.
c.JupyterHub.load_roles = [
    {
        "name": "user",
        "description": "What everybody may do: their own things, and log in to nbcourier",
        "scopes": ["self", "access:services!service=nbcourier"],
    },
    # read:users tells when an account was made. By this nbcourier tells somebody who gets a name that was somebody else's
    # before, and keeps the other's work from them. The other two scopes tell who is in the hub's groups: their members are
    # on every list before they first call, and off it when they are taken out.
    {
        "name": "nbcourier",
        "description": "What nbcourier may read of people's accounts",
        "services": ["nbcourier"],
        "scopes": ["read:users", "list:groups", "read:groups"],
    },
]

# Rosters may follow the hub's groups: whoever is in formgrade-COURSE teaches COURSE, whoever is in nbgrader-COURSE
# takes it, once an administrator has made the course. Groups can come from your authenticator, the hub's admin page
# or from here:
# c.JupyterHub.load_groups = {
#     "formgrade-biology101": {"users": ["an-instructor"]},
#     "nbgrader-biology101": {"users": ["a-student", "another-student"]},
# }

# Where the notebook servers run, install nbcourier beside nbgrader, and have an nbgrader_config.py, for example in
# /etc/jupyter, that says
#     import nbcourier
#     nbcourier.configure(get_config())
# With the old client, ngshare_exchange, it is
#     from ngshare_exchange import configureExchange
#     configureExchange(get_config(), "http://THE-HUB/services/nbcourier")
