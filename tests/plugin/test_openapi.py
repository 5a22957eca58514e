"""The OpenAPI document is valid, because other programs depend on it."""

import json
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

DOCUMENT = Path(__file__).resolve().parents[2] / "openapi.json"


def test_the_document_is_as_openapi_3_1_wants_it() -> None:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    complaints = [str(each) for each in OpenAPIV31SpecValidator(document).iter_errors()]
    assert document["openapi"] == "3.1.0"
    assert not complaints
