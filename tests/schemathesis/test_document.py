"""Requests made from the OpenAPI document, by every kind of caller. Each reply must be one that the document describes.

The short run is the same each time. The long run (`make fuzz`) makes other requests each time.
`NBCOURIER_FUZZ_EXAMPLES` is the number of requests for each address.
"""

import io
import os
import zlib
from pathlib import Path

import schemathesis
from conftest import Course, Service, archive
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from people import ROLES, permit
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

LONG = os.environ.get("NBCOURIER_FUZZ_EXAMPLES")
EXAMPLES = int(LONG or 6)
LIMIT_S = 60
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]

# The only permitted statuses. An unknown caller learns nothing.
MAY_BE_ANSWERED = {"anonymous": [401]}

NAMES = st.one_of(
    st.sampled_from(["a.txt", "b/c.ipynb", "manifest.json", "../up", "/etc/passwd", "1/a", "a\\b"]),
    st.text(min_size=1, max_size=40),
)
FILES = st.dictionaries(NAMES, st.binary(max_size=2000), max_size=4)


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """Draws valid archives, damaged ones, and other bytes."""
    files = draw(FILES)
    try:
        whole = archive(files)
    except (UnicodeEncodeError, ValueError):
        return b"no archive"
    if draw(st.booleans()):
        return whole
    at = draw(st.integers(0, len(whole) - 1))
    return whole[:at] + draw(st.binary(max_size=3)) + whole[at + draw(st.integers(0, 600)) :]


for kind in ["application/x-tar", "application/vnd.nbcourier.manifest+x-tar"]:
    schemathesis.openapi.media_type(kind, archives())

ROOT = Path(__file__).resolve().parents[2]
schema = schemathesis.openapi.from_path(
    ROOT / "openapi.json",
    config=schemathesis.Config.from_dict(
        {"phases": {"coverage": {"enabled": bool(LONG)}}, "generation": {"mode": "all"}}
    ),
)
# The number of replies for each class of status.
ANSWERED: dict[str, int] = {}


_courses: dict[str, Course] = {}


def course_for(case: Case, service: Service) -> Course:
    """Returns a course: one for each address, and a new one for each request that deletes something."""
    label = case.operation.label
    if label not in _courses or case.method == "DELETE":
        _courses[label] = service.course()
    return _courses[label]


def in_the_course(case: Case, course: Course) -> None:
    """Replaces most of the generated names with existing ones, since generated names exist nowhere."""
    real = {
        "course": course.id,
        "assignment": course.assignment,
        "user": "student",
        "id": course.submission,
    }
    for name, value in (case.path_parameters or {}).items():
        if zlib.crc32(f"{name}{value}".encode(errors="replace")) % 4 and name in real:
            case.path_parameters[name] = real[name]


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=not LONG,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_replies_to_every_caller_match_the_document(
    case: Case, service: Service
) -> None:
    """Every caller sends every request in turn."""
    in_the_course(case, course_for(case, service))
    for role in ROLES:
        reply = case.call(base_url=service.url, headers=permit(role), timeout=LIMIT_S)
        kind = f"{reply.status_code // 100}xx"
        ANSWERED[kind] = ANSWERED.get(kind, 0) + 1
        case.validate_response(reply, checks=CHECKS, headers=permit(role))
        allowed = MAY_BE_ANSWERED.get(role)
        assert allowed is None or reply.status_code in allowed, reply.text


def test_requests_both_succeeded_and_failed() -> None:
    """Some requests succeed. Generated requests could all be invalid."""
    print("\nanswers:", dict(sorted(ANSWERED.items())))
    assert ANSWERED["2xx"] > 100
    assert ANSWERED["4xx"] > 100
