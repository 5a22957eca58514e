"""Feedback follows the release: extra notebooks do not hide it, and a student's own pages are not taken for it."""

from pathlib import Path

import pytest
from course import Course, both_wires
from in_process import Desk
from own_exchange import OwnDesk
from trees import Tree, assert_same_tree, read_tree, write_tree

NONE = "no feedback available"
READY = "feedback ready to be fetched"
FETCHED = "feedback already fetched"
RELEASED: Tree = {"p1.ipynb": b"{}", "p2.ipynb": b"{}"}
PAGES: Tree = {"p1.html": b"<p>1", "p2.html": b"<p>2"}


def desks(course: Course, home: Path) -> tuple[Desk, Desk]:
    ira = Desk(course.url, course.instructor.name, home / "ira")
    return ira, Desk(course.url, course.first.name, home / "ada")


def lines(caplog: pytest.LogCaptureFixture, who: Desk, course: str, how: str) -> str:
    """Returns the state of the only submission's feedback from `nbgrader list`."""
    caplog.clear()
    with caplog.at_level("INFO"):
        who.run("List", course, **{how: True})
    return caplog.messages[-1].partition("(")[2].rstrip(")")


def hand_in(ira: Desk, ada: Desk, course: str, work: Tree) -> Path:
    """Runs all steps from release to collect; returns the directory for generate_feedback's pages."""
    write_tree(ira.home / "release" / "ps1", RELEASED)
    ira.run("ReleaseAssignment", course, "ps1")
    write_tree(ada.home / "ps1", work)
    ada.run("Submit", course, "ps1")
    ira.run("Collect", course, "ps1")
    (student,) = (ira.home / "submitted").iterdir()
    collected = student / "ps1"
    directory = ira.home / "feedback" / student.name / "ps1"
    autograded = ira.home / "autograded" / student.name / "ps1"
    carried = {
        name: content
        for name, content in read_tree(collected).items()
        if not name.endswith(".ipynb")
    }
    write_tree(directory, carried)
    write_tree(autograded, carried | RELEASED)
    return directory


EXTRA = [
    {".~p1.ipynb": b"{}"},
    {"scratch.ipynb": b"{}"},
    {".hidden.ipynb": b"{}", "p1-Copy1.ipynb": b"{}", "sub/x.ipynb": b"{}"},
    {},
]


@both_wires
@pytest.mark.parametrize("extra", EXTRA, ids=lambda extra: ",".join(extra) or "none")
def test_hidden_and_extra_notebooks_hide_no_feedback(
    course: Course, tmp_path: Path, extra: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    ira, ada = desks(course, tmp_path)
    feedback = hand_in(ira, ada, course.name, RELEASED | extra)
    states = []

    def look() -> None:
        states.append(lines(caplog, ada, course.name, "cached"))

    look()
    write_tree(feedback, {"p1.html": PAGES["p1.html"]})
    ira.run("ReleaseFeedback", course.name, "ps1")
    look()
    write_tree(feedback, PAGES)
    ira.run("ReleaseFeedback", course.name, "ps1")
    look()
    assert lines(caplog, ira, course.name, "inbound") == READY
    ada.run("FetchFeedback", course.name, "ps1")
    look()
    # Ready only when all notebooks of the assignment have feedback, as in nbgrader's own exchange.
    assert states == [NONE, NONE, READY, FETCHED]


def test_these_are_the_states_of_nbgraders_own_exchange_where_nothing_is_extra(
    course: Course, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    seen = []
    root = tmp_path / "exchange"
    for made in (
        (OwnDesk(root, "ira", tmp_path / "a"), OwnDesk(root, "ada", tmp_path / "b")),
        desks(course, tmp_path / "ours"),
    ):
        ira, ada = made
        feedback = hand_in(ira, ada, course.name, RELEASED | {".~p1.ipynb": b"{}"})
        write_tree(feedback, PAGES)
        ira.run("ReleaseFeedback", course.name, "ps1")
        states = [lines(caplog, ada, course.name, "cached")]
        ada.run("FetchFeedback", course.name, "ps1")
        seen.append([*states, lines(caplog, ada, course.name, "cached")])
    assert seen[0] == seen[1] == [READY, FETCHED]


OWN_PAGES = [
    {"plot.html": b"<p>mine"},
    {"plot.html": b"<p>mine", "plot.htm": b"1", ".x.html": b"2"},
    # The name of the page for a notebook that was not submitted.
    {"p2.html": b"<p>mine"},
]


@both_wires
@pytest.mark.parametrize("own", OWN_PAGES, ids=lambda own: ",".join(own))
def test_a_students_own_page_never_comes_back_as_feedback(
    course: Course, tmp_path: Path, own: Tree, caplog: pytest.LogCaptureFixture
) -> None:
    ira, ada = desks(course, tmp_path)
    work = {"p1.ipynb": b"{}"} | own
    feedback = hand_in(ira, ada, course.name, work)
    write_tree(feedback, {"p1.html": b"<p>graded"})
    ira.run("ReleaseFeedback", course.name, "ps1")
    (time,) = course.submissions(course.first)
    assert_same_tree(course.feedback(course.first, time), {"p1.html": b"<p>graded"})
    name = min(own)
    assert f"'{name}' of '{course.first.name}' is no feedback" in caplog.text
    ada.run("FetchFeedback", course.name, "ps1")
    fetched = read_tree(tmp_path / "ada" / "ps1" / "feedback")
    assert_same_tree(fetched, {f"{time}/p1.html": b"<p>graded"})


@both_wires
def test_a_page_that_was_withdrawn_disappears_when_feedback_is_fetched_again(
    course: Course, tmp_path: Path
) -> None:
    ira, ada = desks(course, tmp_path)
    feedback = hand_in(ira, ada, course.name, RELEASED)
    write_tree(feedback, PAGES)
    ira.run("ReleaseFeedback", course.name, "ps1")
    ada.run("FetchFeedback", course.name, "ps1")
    fetched = tmp_path / "ada" / "ps1" / "feedback"
    (time,) = course.submissions(course.first)
    assert_same_tree(
        read_tree(fetched), {f"{time}/{name}": page for name, page in PAGES.items()}
    )
    # Files that were not fetched are the student's own, even if they look like pages.
    own = {"my notes.txt": b"1", "my notes.html": b"2"}
    write_tree(fetched / time, own)

    (feedback / "p2.html").unlink()
    ira.run("ReleaseFeedback", course.name, "ps1")
    ada.run("FetchFeedback", course.name, "ps1")
    left = {"p1.html": PAGES["p1.html"]} | own
    assert_same_tree(read_tree(fetched / time), left)


def test_a_withdrawn_page_that_the_student_changed_stays(
    course: Course, tmp_path: Path
) -> None:
    ira, ada = desks(course, tmp_path)
    feedback = hand_in(ira, ada, course.name, RELEASED)
    write_tree(feedback, PAGES)
    ira.run("ReleaseFeedback", course.name, "ps1")
    ada.run("FetchFeedback", course.name, "ps1")
    (time,) = course.submissions(course.first)
    fetched = tmp_path / "ada" / "ps1" / "feedback" / time
    write_tree(fetched, {"p2.html": b"<p>with my notes"})
    (feedback / "p2.html").unlink()
    ira.run("ReleaseFeedback", course.name, "ps1")
    ada.run("FetchFeedback", course.name, "ps1")
    left = {"p1.html": PAGES["p1.html"], "p2.html": b"<p>with my notes"}
    assert_same_tree(read_tree(fetched), left)


def test_feedback_that_was_removed_disappears_and_is_given_again(
    course: Course, tmp_path: Path, binary: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ira, ada = desks(course, tmp_path)
    feedback = hand_in(ira, ada, course.name, RELEASED)
    write_tree(feedback, PAGES)
    ira.run("ReleaseFeedback", course.name, "ps1")
    ada.run("FetchFeedback", course.name, "ps1")
    (entry,) = course.entries()
    course.instructor.env["NBCOURIER_URL"] = course.url
    removed = course.instructor.attempt(
        str(binary), "feedback", "remove", "--yes", course.name, "ps1", "--all"
    )
    assert removed.code == 0, str(removed)
    ada.run("FetchFeedback", course.name, "ps1")
    fetched = tmp_path / "ada" / "ps1" / "feedback"
    assert list(fetched.iterdir()) == []
    assert lines(caplog, ada, course.name, "cached") == NONE
    ira.run("ReleaseFeedback", course.name, "ps1")
    ada.run("FetchFeedback", course.name, "ps1")
    assert len(read_tree(fetched)) == len(PAGES)
    assert course.entries()[0]["id"] == entry["id"]


def test_releasing_no_feedback_is_a_failure(
    course: Course, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ira, ada = desks(course, tmp_path)
    said = ira.fail("ReleaseFeedback", course.name, "ps1")
    assert "run `nbgrader generate_feedback` first" in said
    feedback = hand_in(ira, ada, course.name, RELEASED)
    ira.fail("ReleaseFeedback", course.name, "ps1")
    write_tree(feedback, PAGES)
    said = ira.fail("ReleaseFeedback", course.name, "ps1", student="nobody")
    assert "no feedback on 'ps1' of 'nobody'" in said
    (feedback / "timestamp.txt").unlink()
    ira.fail("ReleaseFeedback", course.name, "ps1", student=course.first.name)
    assert "run `nbgrader collect`" in caplog.text
    assert "Errno" not in caplog.text


@both_wires
def test_feedback_on_a_notebook_that_the_student_renamed_counts(
    course: Course, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ira, ada = desks(course, tmp_path)
    directory = hand_in(ira, ada, course.name, {"p1-final.ipynb": b"{}"})
    write_tree(directory, {"p1.html": b"<p>1"})
    ira.run("ReleaseFeedback", course.name, "ps1")
    assert lines(caplog, ada, course.name, "cached") == READY
    ada.run("FetchFeedback", course.name, "ps1")
    assert lines(caplog, ada, course.name, "cached") == FETCHED
