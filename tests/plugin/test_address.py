"""The address at which the plugin looks for the exchange, and the settings of one line of configuration."""

import json
from pathlib import Path
from typing import Any

import nbcourier
import pytest
from nbcourier import address
from nbcourier.errors import CourierError
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
