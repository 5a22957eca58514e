"""JupyterHub with nbcourier as a service that the hub starts, proxies and stops.

It works unchanged with JupyterHub 5 and 6, and holds only the settings that nbcourier needs. Your own configuration
says how people log in and where their notebook servers run. The values at the top can also be set as environment
variables of the hub.
"""

import os

c = get_config()  # noqa: F821 (JupyterHub provides it)

# The program. Give its path if it is not on the hub's PATH.
command = os.environ.get("NBCOURIER_COMMAND", "nbcourier")

# The directory for all submissions. Back it up. Only the service needs to read it.
data_dir = os.environ.get("NBCOURIER_DATA_DIR", "/srv/nbcourier")

# The address that the service listens on. The hub's proxy reaches it here and publishes it at /services/nbcourier/.
url = os.environ.get("NBCOURIER_SERVICE_URL", "http://127.0.0.1:10101")

# The administrators, who create and delete courses: their names at the hub, separated by commas.
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
        # The service belongs to the hub, so people need not confirm that it may know their name.
        "oauth_no_confirm": True,
        # A hub that runs as root can start the service as another account, which then owns the data directory:
        # "user": "nbcourier",
    }
]

# The first role lets people open the service's pages. Without it, the pages refuse them after the login. nbgrader does
# not need it, because the token of a person's notebook server is enough.
c.JupyterHub.load_roles = [
    {
        "name": "user",
        "description": "Use your own account and server, and log in to nbcourier",
        "scopes": ["self", "access:services!service=nbcourier"],
    },
    # read:users reveals when an account was created. With it, a person who gets a name that another person had before does
    # not get that person's work. The other two scopes reveal the members of groups. With them, members are on rosters
    # before their first request, and off them when they are removed from the group.
    {
        "name": "nbcourier",
        "description": "Read accounts and groups for nbcourier",
        "services": ["nbcourier"],
        "scopes": ["read:users", "list:groups", "read:groups"],
    },
]

# Rosters follow the hub's groups once an administrator has created the course. Members of formgrade-COURSE are
# instructors of COURSE, and members of nbgrader-COURSE are students. Groups can come from your authenticator, from the
# hub's admin page, or from here:
# c.JupyterHub.load_groups = {
#     "formgrade-biology101": {"users": ["an-instructor"]},
#     "nbgrader-biology101": {"users": ["a-student", "another-student"]},
# }

# On the notebook servers, install nbcourier beside nbgrader, and add to nbgrader_config.py, for example in /etc/jupyter:
#     import nbcourier
#     nbcourier.configure(get_config())
# For the old client, ngshare_exchange, add instead:
#     from ngshare_exchange import configureExchange
#     configureExchange(get_config(), "http://THE-HUB/services/nbcourier")
