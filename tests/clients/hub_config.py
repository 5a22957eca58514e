"""The hub of the tests: the example for operators, with a login and a spawner that need no accounts.

JupyterHub loads this file; `hub.py` sets the environment that it reads.
"""

import os

c = get_config()  # noqa: F821 (JupyterHub provides it)
load_subconfig(os.environ["TEST_EXAMPLE"])  # noqa: F821 (as well)

# Everything stays on this machine, and the ports do not collide with those of other programs.
c.JupyterHub.bind_url = os.environ["TEST_PUBLIC_URL"]
c.JupyterHub.hub_bind_url = os.environ["TEST_HUB_URL"]
c.ConfigurableHTTPProxy.api_url = os.environ["TEST_PROXY_API_URL"]
c.ConfigurableHTTPProxy.command = [os.environ["TEST_PROXY"]]

# A domain for each user and service, as browsers see it.
if os.environ.get("TEST_SUBDOMAIN_HOST"):
    c.JupyterHub.subdomain_host = os.environ["TEST_SUBDOMAIN_HOST"]

# Options of the exchange beside those of the example, one on a line.
options = os.environ.get("TEST_SERVE_OPTIONS", "").splitlines()
if options:
    (service,) = c.JupyterHub.services
    service["command"] += options

c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = os.environ["TEST_HOMES"] + "/{username}"
if os.getuid() == 0:
    c.Spawner.args = ["--allow-root"]

# The notebook servers of people with JupyterLab come from another environment than the hub.
lab = os.environ.get("TEST_LAB")
if lab:
    c.Spawner.cmd = [lab + "/bin/jupyterhub-singleuser"]
    c.Spawner.environment = {
        "PATH": lab + "/bin" + os.pathsep + os.environ["PATH"],
        "PYTHONPATH": os.environ["TEST_LAB_PYTHONPATH"],
        "JUPYTER_CONFIG_PATH": os.environ["TEST_LAB_CONFIG_PATH"],
        "JUPYTER_PATH": os.environ["TEST_LAB_PATH"],
        # A hub sets this variable if c.JupyterHub.public_url is set. At the proxy's default port it is not needed.
        "JUPYTERHUB_PUBLIC_HUB_URL": os.environ["TEST_PUBLIC_URL"] + "/hub/",
    }
    # JupyterLab starts slowly on a machine that is busy with other tests.
    c.Spawner.http_timeout = c.Spawner.start_timeout = 120

# A formgrader that the hub runs for a course, as in nbgrader's documentation.
formgrader = os.environ.get("TEST_FORMGRADER")
if formgrader:
    home = os.environ["TEST_FORMGRADER_HOME"]
    c.JupyterHub.services.append(
        {
            "name": formgrader,
            "url": os.environ["TEST_FORMGRADER_URL"],
            "command": [lab + "/bin/jupyterhub-singleuser", *c.Spawner.args],
            "cwd": home,
            "environment": c.Spawner.environment | {"HOME": home},
            "api_token": os.environ["TEST_FORMGRADER_TOKEN"],
            "oauth_no_confirm": True,
        }
    )
    c.JupyterHub.load_groups = {f"formgrade-{formgrader}": {"users": ["ira"]}}
    c.JupyterHub.load_roles.append(
        {
            "name": "formgraders",
            "groups": [f"formgrade-{formgrader}"],
            "scopes": [f"access:services!service={formgrader}"],
        }
    )

# A service without a process and without rights, as in docs/mirror.md.
if os.environ.get("TEST_MIRROR_TOKEN"):
    c.JupyterHub.services.append(
        {"name": "mirror", "api_token": os.environ["TEST_MIRROR_TOKEN"]}
    )

# Another user's server on the same origin.
c.JupyterHub.services.append(
    {"name": os.environ["TEST_NEIGHBOUR"], "url": os.environ["TEST_NEIGHBOUR_URL"]}
)

# The tests themselves, which make users, groups, tokens and servers.
c.JupyterHub.services.append(
    {"name": "driver", "api_token": os.environ["TEST_DRIVER_TOKEN"]}
)
c.JupyterHub.load_roles.append(
    {
        "name": "driver",
        "services": ["driver"],
        "scopes": [
            "admin:groups",
            "admin:server_state",
            "admin:servers",
            "admin:users",
            "tokens",
        ],
    }
)
