"""A JupyterHub to try nbcourier out; compose.yaml starts it. It takes any password, and all servers run as one account."""

import os

c = get_config()  # noqa: F821 (JupyterHub provides it)

c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"root"}

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "/home/people/{username}"
c.Spawner.default_url = "/lab"

# The service's container reaches the hub here.
c.JupyterHub.hub_bind_url = "http://0.0.0.0:8081"
c.JupyterHub.hub_connect_url = "http://127.0.0.1:8081"
c.ConfigurableHTTPProxy.command = [
    "/opt/proxy/node_modules/.bin/configurable-http-proxy"
]

c.JupyterHub.services = [
    {
        "name": "nbcourier",
        "url": "http://nbcourier:8080",
        "api_token": os.environ["NBCOURIER_TOKEN"],
        "oauth_no_confirm": True,
    }
]
c.JupyterHub.load_roles = [
    {"name": "user", "scopes": ["self", "access:services!service=nbcourier"]},
    {
        "name": "nbcourier",
        "services": ["nbcourier"],
        "scopes": ["read:users", "list:groups", "read:groups"],
    },
]
# Once root has run `nbcourier course create algebra`, its members are on the roster.
c.JupyterHub.load_groups = {
    "formgrade-algebra": {"users": ["ira"]},
    "nbgrader-algebra": {"users": ["ada", "bob"]},
}
