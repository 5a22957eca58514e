"""A plugin of The Littlest JupyterHub: the hub gets nbcourier as a service, and notebook servers get its nbgrader plugin.

Give it to the installer with `--plugin`, as docs/moving-in-from-tljh.md describes.
"""

import pluggy

# The marker of TLJH's own `tljh.hooks.hookimpl`, which plugins find by this name.
hookimpl = pluggy.HookimplMarker("tljh")

PROGRAM = "/opt/tljh/hub/bin/nbcourier"
DATA = "/srv/nbcourier"
URL = "http://127.0.0.1:10101"


@hookimpl
def tljh_extra_hub_pip_packages() -> list[str]:
    """Returns what the hub's environment needs: the server."""
    return ["nbcourier"]


@hookimpl
def tljh_extra_user_pip_packages() -> list[str]:
    """Returns what the users' environment needs: nbgrader, and the plugin with its settings."""
    return ["nbgrader>=0.9", "nbcourier"]


@hookimpl
def tljh_custom_jupyterhub_config(c) -> None:
    """Adds the service and its roles. TLJH has services and roles of its own, which stay."""
    command = [PROGRAM, "serve", "--data-dir", DATA, "--hub-admins"]
    c.JupyterHub.services.append(
        {"name": "nbcourier", "url": URL, "command": command, "oauth_no_confirm": True}
    )
    may_log_in = ["self", "access:services!service=nbcourier"]
    may_ask = ["read:users", "list:groups", "read:groups"]
    c.JupyterHub.load_roles.extend(
        [
            {"name": "user", "scopes": may_log_in},
            {"name": "nbcourier", "scopes": may_ask, "services": ["nbcourier"]},
        ]
    )
    # Programs on this machine reach the exchange with or without HTTPS.
    c.Spawner.environment.update({"NBCOURIER_URL": f"{URL}/services/nbcourier"})
