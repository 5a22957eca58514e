"""Where the plugin looks for the exchange, and what one line of configuration sets."""

import nbcourier
import pytest
from nbcourier import address
from nbcourier.errors import CourierError
from nbgrader.exchange import ExchangeFactory
from traitlets.config import Config

POD = {
    "PROXY_PUBLIC_SERVICE_HOST": "10.0.0.7",
    "PROXY_PUBLIC_SERVICE_PORT": "80",
    "JUPYTERHUB_API_URL": "http://hub:8081/hub/api",
    "JUPYTERHUB_BASE_URL": "/jupyter/",
}


def found(environment: dict[str, str], configured: str = "") -> str:
    return address.find(configured, "nbcourier", environment)


def test_what_was_configured_comes_before_all_else() -> None:
    environment = POD | {"NBCOURIER_URL": "http://there/x"}
    assert found(environment, "https://here/y/") == "https://here/y"
    assert found(environment) == "http://there/x"


def test_in_a_pod_it_is_behind_the_public_proxy() -> None:
    assert found(POD) == "http://10.0.0.7:80/jupyter/services/nbcourier"
    six = POD | {"PROXY_PUBLIC_SERVICE_HOST": "fd00::7", "JUPYTERHUB_BASE_URL": "/"}
    assert found(six) == "http://[fd00::7]:80/services/nbcourier"


def test_on_one_host_it_is_behind_the_proxy_and_not_behind_the_hub() -> None:
    one_host = {"JUPYTERHUB_API_URL": "http://127.0.0.1:8081/hub/api"}
    assert found(one_host) == "http://127.0.0.1:8000/services/nbcourier"
    public = {"JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/hub/"}
    assert found(one_host | public) == "https://hub.example.org/services/nbcourier"


@pytest.mark.parametrize("configured", ["", "hub/services/nbcourier", "file:///x"])
def test_without_a_usable_address_the_sentence_says_what_to_set(
    configured: str,
) -> None:
    with pytest.raises(CourierError, match="NBCOURIER_URL|http://"):
        found({}, configured)


def test_configure_fills_every_slot_of_nbgrader_with_a_class_of_ours() -> None:
    config = Config()
    nbcourier.configure(config, service_name="exchange")
    factory = ExchangeFactory(config=config)
    slots = factory.trait_names(config=True)
    assert len(slots) == 8
    modules = {getattr(factory, slot).__module__.split(".")[0] for slot in slots}
    assert modules == {"nbcourier"}
    assert factory.List().service_name == "exchange"
