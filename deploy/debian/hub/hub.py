"""The settings of the hub that nbcourier-hub needs. /etc/nbcourier-hub/jupyterhub_config.py loads this file first."""

import grp
import os
import pwd
import sys
from pathlib import Path

from jupyterhub.auth import PAMAuthenticator

# The directory holds the spawner and nothing else. All other modules of the hub are Debian's.
sys.path.append("/opt/nbcourier-hub/hub")

SETTINGS = Path(os.environ.get("NBCOURIER_HUB_SETTINGS", "/etc/nbcourier-hub"))
DATA = Path("/var/lib/nbcourier-hub")
MEMBERS = "jupyterhub"
DELEGATES = "jupyterhub_adm"

c = get_config()  # noqa: F821 (JupyterHub provides it)


def addresses() -> dict[str, str]:
    """Returns the addresses that were chosen when the package was installed."""
    lines = (SETTINGS / "addresses").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")


class MembersOnly(PAMAuthenticator):
    """Lets the members of one group in, for as long as they are members."""

    async def refresh_user(self, user, handler=None, **_more):
        """Returns whether the person may go on."""
        try:
            own_group = pwd.getpwnam(user.name).pw_gid
        except KeyError:
            return False
        groups = os.getgrouplist(user.name, own_group)
        allowed = (grp.getgrnam(name).gr_gid for name in (MEMBERS, DELEGATES))
        return any(number in groups for number in allowed)


chosen = addresses()
listen = chosen["HUB_ADDRESS"]
c.JupyterHub.bind_url = f"https://{listen}:{chosen['HUB_PORT']}"
c.JupyterHub.ssl_cert = str(SETTINGS / "tls" / "cert.pem")
c.JupyterHub.ssl_key = str(SETTINGS / "tls" / "key.pem")
c.JupyterHub.hub_bind_url = chosen["JUPYTERHUB_API_URL"].removesuffix("/hub/api")
c.JupyterHub.db_url = f"sqlite:///{DATA}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = str(DATA / "cookie_secret")
c.ConfigurableHTTPProxy.command = ["/usr/bin/configurable-http-proxy"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{chosen['PROXY_PORT']}"
c.ConfigurableHTTPProxy.pid_file = str(DATA / "proxy.pid")
# Servers of people go on while the hub is restarted.
c.JupyterHub.cleanup_servers = False

c.JupyterHub.authenticator_class = MembersOnly
c.MembersOnly.service = "nbcourier-hub"
c.MembersOnly.allowed_groups = {MEMBERS}
c.MembersOnly.admin_groups = {DELEGATES}
c.MembersOnly.username_pattern = r"^[a-z][a-z0-9_-]{0,31}$"
c.MembersOnly.open_sessions = False
c.MembersOnly.auth_refresh_age = 60
c.MembersOnly.refresh_pre_spawn = True

c.JupyterHub.spawner_class = "sudospawner.SudoSpawner"
c.SudoSpawner.sudospawner_path = "/opt/nbcourier-hub/bin/sudospawner"
# sudo allows the program without arguments only.
c.SudoSpawner.mediator_log_level = ""
c.SudoSpawner.environment = {
    "PATH": "/opt/nbcourier-hub/bin:/usr/local/bin:/usr/bin:/bin",
    # Programs on this machine reach the exchange without the proxy, whose certificate they do not know.
    "NBCOURIER_URL": f"{chosen['JUPYTERHUB_SERVICE_URL']}services/nbcourier/",
}
c.Spawner.default_url = "/lab"

c.JupyterHub.services = [
    {
        "name": "nbcourier",
        "url": chosen["JUPYTERHUB_SERVICE_URL"],
        "api_token": (SETTINGS / "token").read_text().strip(),
        "oauth_no_confirm": True,
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "user",
        "description": "Use your own account and server, and log in to nbcourier",
        "scopes": ["self", "access:services!service=nbcourier"],
    },
    {
        "name": "nbcourier",
        "description": "Read accounts and groups for nbcourier",
        "services": ["nbcourier"],
        "scopes": ["read:users", "list:groups", "read:groups"],
    },
]
