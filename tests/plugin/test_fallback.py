"""Servers that know less than the plugin."""

from inspect import signature

from course import RELEASED, Course, ngshare_only, through
from front import ForwardedRequest, Front, Spoil, answer, problem
from nbcourier.fallback import Fallback
from nbcourier.transport import Transport
from trees import assert_same_tree, read_tree, write_tree

SAID = "is an ngshare, or older than this plugin"


@ngshare_only
def test_an_ngshare_is_noticed_once_and_said_once_for_each_command(
    course: Course, front: Front
) -> None:
    course.release("ps1")
    course.release("ps2")
    through(front.url, course.first)
    outcome = course.first.nbgrader("fetch_assignment", "ps1", "ps2", course.option)
    assert outcome.stderr.count(SAID) == 1
    assert_same_tree(read_tree(course.first.home / "ps2"), RELEASED)

    front.asked.clear()
    write_tree(course.first.home / "ps1", RELEASED)
    outcome = course.first.nbgrader("submit", "ps1", course.option)
    assert outcome.stderr.count(SAID) == 1
    assert len(front.below("/v1/")) == 1
    assert len(course.submissions(course.first)) == 1


def test_nothing_is_said_of_a_server_that_knows_all(course: Course) -> None:
    course.release()
    outcome = course.first.nbgrader("fetch_assignment", "ps1", course.option)
    assert SAID not in outcome.stderr


def test_a_server_that_lacks_one_request_gets_all_others(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)

    def no_trees(asked: ForwardedRequest) -> Spoil | None:
        return problem(404, "Not found") if asked.path.endswith("/tree") else None

    front.rule = no_trees
    outcome = course.first.nbgrader("fetch_assignment", "ps1", course.option)
    assert outcome.stderr.count(SAID) == 1
    assert_same_tree(read_tree(course.first.home / "ps1"), RELEASED)
    # The dates come from a request that this server knows.
    assert [asked.path.split("/")[1] for asked in front.asked] == [
        "v1",
        "assignment",
        "v1",
    ]


def test_missing_things_in_a_course_do_not_make_the_server_look_old(
    course: Course,
) -> None:
    complaint = course.first.refused("fetch_assignment", "no", course.option)
    assert "The exchange says: Assignment not found" in complaint
    complaint = course.first.refused("fetch_assignment", "no", "--course=no")
    assert "The exchange says: Course not found" in complaint
    assert SAID not in complaint


def test_a_proxy_without_the_service_behind_it_is_not_taken_for_an_exchange(
    course: Course, front: Front
) -> None:
    through(front.url, course.first)
    front.rule = lambda asked: answer(404, b"no such service")
    complaint = course.first.refused("fetch_assignment", "ps1", course.option)
    assert f"The server at {front.url} is not an exchange" in complaint
    assert "it answers 404 Not Found" in complaint
    assert "The exchange says" not in complaint
    assert SAID not in complaint


def test_the_fallback_answers_all_that_a_transport_is_asked() -> None:
    for name, asked in vars(Transport).items():
        if name.startswith("_"):
            continue
        answered = vars(Fallback).get(name)
        assert answered is not None, name
        if callable(asked):
            assert signature(answered) == signature(asked), name
