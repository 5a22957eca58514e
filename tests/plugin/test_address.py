"""The address at which the plugin looks for the exchange, and the settings of one line of configuration."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbcourier
import pytest
from nbcourier import address, pages
from nbcourier.errors import CourierError
from nbcourier.settings import NbCourier
from nbgrader.exchange import ExchangeFactory
from traitlets.config import Config

# A test in src/config/client.rs runs the same cases against the program.
CASES = json.loads((Path(__file__).parents[1] / "addresses.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_the_address_is_found_by_the_rules_that_the_program_has(
    case: dict[str, Any],
) -> None:
    asked = (case.get("url", ""), case.get("service", ""), case["environment"])
    if "refused" in case:
        with pytest.raises(CourierError) as refused:
            address.find(*asked)
        assert case["refused"] in str(refused.value)
        return
    found = address.find(*asked)
    expected = (case["found"], case.get("source", ""), case["direct"])
    assert (found.url, found.source, found.direct) == expected


HUB = {"JUPYTERHUB_API_URL": "http://hub:8081/hub/api"}


@pytest.mark.parametrize(
    ("environment", "page"),
    [
        # No hub at all, and an address that everybody can reach.
        ({"NBCOURIER_URL": "http://127.0.0.1:9000/x"}, "http://127.0.0.1:9000/x"),
        (HUB | {"NBCOURIER_URL": "https://far.example.org/y"}, "https://far.example.org/y"),
        # Only names inside of the cluster or of the hub's machine are known.
        (HUB, None),
        (HUB | {"NBCOURIER_URL": "http://proxy-public/services/nbcourier"}, None),
        # The public address is known, while programs use another one.
        (
            HUB
            | {
                "JUPYTERHUB_BASE_URL": "/jupyter/",
                "JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/jupyter/hub/",
                "NBCOURIER_URL": "http://proxy-public/jupyter/services/ngshare",
            },
            "https://hub.example.org/jupyter/services/ngshare",
        ),
        (
            HUB | {"JUPYTERHUB_HOST": "https://hub.example.org", "NBCOURIER_URL": "http://10.0.0.1/services/ngshare"},
            "https://services.hub.example.org/services/ngshare",
        ),
        (
            HUB | {"JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/hub/"},
            "https://hub.example.org/services/nbcourier",
        ),
        # An exchange beside the hub, which the hub's proxy does not serve.
        (
            HUB | {"JUPYTERHUB_PUBLIC_HUB_URL": "https://hub.example.org/hub/", "NBCOURIER_URL": "http://10.0.0.1:12121/x"},
            None,
        ),
    ],
)
def test_pages_are_found_where_browsers_can_reach_them(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], page: str | None
) -> None:
    for name in list(os.environ):
        if name.startswith(("JUPYTERHUB_", "NBCOURIER_")) or "PROXY_" in name:
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    shown = pages.whole(NbCourier(), "algebra (2)", "ps/1")
    assert shown == (page and f"{page}/c/algebra%20%282%29/a/ps%2F1")
    # Pages of notebook servers have the host of the hub.
    linked = pages.link(NbCourier(), "algebra")
    assert linked == (f"{page}/c/algebra" if page else f"{urlsplit(address.find('', '', environment).url).path}/c/algebra")


def test_an_address_that_was_worked_out_says_from_what_and_what_to_set() -> None:
    found = address.find("", "", {"JUPYTERHUB_API_URL": "http://hub:8081/hub/api"})
    assert "JUPYTERHUB_API_URL" in found.advice
    assert "NBCOURIER_URL" in found.advice


def test_configure_fills_every_slot_of_nbgrader_with_a_class_of_ours() -> None:
    config = Config()
    nbcourier.configure(config, service_name="exchange")
    factory = ExchangeFactory(config=config)
    slots = factory.trait_names(config=True)
    assert len(slots) == 8
    modules = {getattr(factory, slot).__module__.split(".")[0] for slot in slots}
    assert modules == {"nbcourier"}
    assert factory.List().service_name == "exchange"
