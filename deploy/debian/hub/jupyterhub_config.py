"""The configuration of the hub. `sudo systemctl restart jupyterhub` makes it read changes; people's servers go on."""

c = get_config()  # noqa: F821 (JupyterHub provides it)

# What the package needs. An upgrade may change it.
load_subconfig("/usr/share/nbcourier-hub/hub.py")  # noqa: F821 (JupyterHub provides it)

# Your own settings, which win:
# c.JupyterHub.ssl_cert = "/etc/letsencrypt/live/hub.example.edu/fullchain.pem"
# c.JupyterHub.load_groups = {"formgrade-algebra": {"users": ["ira"]}, "nbgrader-algebra": {"users": ["ada", "bob"]}}
