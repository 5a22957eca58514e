"""The same course behind a real JupyterHub, of the newest version and of the newest 5.x."""

import pytest
import requests
from cast import Cast
from cycle import CourseCycle
from hub import ADMIN, CALL_LIMIT_S, Hub
from material import ASSIGNMENT, COURSE, NOTEBOOK, release_tree
from trees import write_tree

INSTRUCTOR = "ira"
# One student has the token of a running notebook server, the other a name that must be encoded in addresses.
FIRST = "ada.l"
SECOND = "zoë (2)"


@pytest.fixture(scope="module")
def cast(hub: Hub) -> Cast:
    """The people, whose roles come only from the hub's groups."""
    hub.add_user(ADMIN)
    hub.add_user(INSTRUCTOR, f"formgrade-{COURSE}")
    hub.add_user(FIRST, f"nbgrader-{COURSE}")
    hub.add_user(SECOND, f"nbgrader-{COURSE}")
    return Cast(
        admin=hub.person(ADMIN),
        instructor=hub.person(INSTRUCTOR),
        first=hub.person_with_server(FIRST),
        second=hub.person(SECOND),
    )


class TestCourseBehindAHub(CourseCycle):
    """Nobody edits a roster: the administrator makes the course, and the hub's groups give the roles."""

    def enrol(self, cast: Cast) -> None:
        """Enrols by membership in the hub's groups, which nbcourier learns when it first sees each person."""
        cast.admin.manage("create_course", COURSE)

    def make_release(self, cast: Cast) -> None:
        """Writes the release where nbgrader would have."""
        write_tree(cast.release_directory(), release_tree())

    def make_feedback(self, cast: Cast) -> None:
        """Writes one page for each collected submission where nbgrader would have."""
        for student in cast.students:
            page = f"<p>Sehr schön, {student.name}! ✓</p>\n".encode()
            files = {
                f"{NOTEBOOK}.html": page,
                "timestamp.txt": cast.collected(student)["timestamp.txt"],
            }
            write_tree(cast.feedback_directory(student), files)


def test_without_a_token_that_the_hub_knows_nothing_is_answered(hub: Hub) -> None:
    for headers in ({}, {"Authorization": "token 0123456789abcdef"}):
        reply = requests.get(
            f"{hub.service_url}/courses",
            headers=headers,
            allow_redirects=False,
            timeout=CALL_LIMIT_S,
        )
        assert reply.status_code == 401
        assert reply.json()["success"] is False


def test_somebody_in_no_group_has_no_course_and_fetches_nothing(
    hub: Hub, cast: Cast
) -> None:
    hub.add_user("mallory", "formgrade-", "nbgrader", COURSE)
    mallory = hub.person("mallory")
    assert mallory.get("courses")["courses"] == []
    outcome = mallory.attempt(
        "nbgrader", "fetch_assignment", ASSIGNMENT, f"--course={COURSE}"
    )
    assert "returned failure: Permission denied" in outcome.text
    assert not list(mallory.home.glob("**/*.ipynb"))


def test_neither_the_hub_nor_the_service_logs_a_token(hub: Hub, cast: Cast) -> None:
    log = hub.log()
    assert "/services/nbcourier/courses" in log
    assert "panicked" not in log
    for person in (cast.admin, cast.instructor, *cast.students):
        assert person.token not in log
