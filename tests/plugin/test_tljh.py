"""The example plugin of The Littlest JupyterHub gives the hub what docs/moving-in-from-tljh.md describes by hand.

Its installer cannot run here. So the hooks are called as it calls them: by pluggy, with the configuration of traitlets.
"""

import importlib.util
import re
import tomllib
from pathlib import Path

import pluggy
import pytest
from traitlets.config import Config

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "tljh"
PAGE = ROOT / "docs" / "moving-in-from-tljh.md"
hookspec = pluggy.HookspecMarker("tljh")


class Hooks:
    """The hooks of TLJH 1 and 2 that the plugin uses, as `tljh/hooks.py` there declares them."""

    @hookspec
    def tljh_extra_hub_pip_packages(self) -> None: ...

    @hookspec
    def tljh_extra_user_pip_packages(self) -> None: ...

    @hookspec
    def tljh_custom_jupyterhub_config(self, c: Config) -> None: ...


@pytest.fixture
def plugins() -> pluggy.PluginManager:
    """The manager with which TLJH calls plugins."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    module = project["entry-points"]["tljh"]["nbcourier"]
    spec = importlib.util.spec_from_file_location(module, EXAMPLE / f"{module}.py")
    plugin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(plugin)
    made = pluggy.PluginManager("tljh")
    made.add_hookspecs(Hooks)
    made.register(plugin)
    made.check_pending()
    return made


@pytest.fixture
def config(plugins: pluggy.PluginManager) -> Config:
    """TLJH's configuration with services and roles of its own, after the plugin has changed it."""
    made = Config()
    made.JupyterHub.services = [{"name": "cull-idle"}]
    made.JupyterHub.load_roles = [{"name": "cull-idle"}]
    made.Spawner.environment = {"PATH": "/opt/tljh/user/bin"}
    plugins.hook.tljh_custom_jupyterhub_config(c=made)
    return made


def test_both_environments_get_nbcourier(plugins: pluggy.PluginManager) -> None:
    assert plugins.hook.tljh_extra_hub_pip_packages() == [["nbcourier"]]
    (packages,) = plugins.hook.tljh_extra_user_pip_packages()
    assert "nbcourier" in packages


def test_the_hub_gets_the_service_and_keeps_its_own(config: Config) -> None:
    assert [each["name"] for each in config.JupyterHub.services] == [
        "cull-idle",
        "nbcourier",
    ]
    assert config.JupyterHub.services[1]["command"][:2] == [
        "/opt/tljh/hub/bin/nbcourier",
        "serve",
    ]
    assert config.Spawner.environment["PATH"] == "/opt/tljh/user/bin"


def test_the_roles_are_those_of_the_page(config: Config) -> None:
    written = PAGE.read_text()
    for role in config.JupyterHub.load_roles[1:]:
        scopes = re.search(rf'"{role["name"]}", "scopes": (\[.*?\])', written).group(1)
        assert scopes == str(role["scopes"]).replace("'", '"')


def test_a_configuration_without_lists_is_served_too(
    plugins: pluggy.PluginManager,
) -> None:
    bare = Config()
    plugins.hook.tljh_custom_jupyterhub_config(c=bare)
    # traitlets puts what a plugin adds to lists that are made later.
    services = bare.JupyterHub.services.get_value([])
    assert [each["name"] for each in services] == ["nbcourier"]
    assert "NBCOURIER_URL" in bare.Spawner.environment.get_value({})
