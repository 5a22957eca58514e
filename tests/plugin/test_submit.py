"""`nbgrader submit`."""

from pathlib import Path

from course import RELEASED, Course, through
from front import Front, answer, cut
from people import Person
from trees import assert_same_tree, read_tree, without, write_tree

WORK = RELEASED | {"p1.ipynb": b"my answers", "notes/more.txt": b"more"}


def copies(student: Person) -> list[Path]:
    cache = student.home / ".local" / "share" / "jupyter" / "nbgrader_cache"
    return sorted(cache.glob("*/*"))


def test_every_submission_is_stored_and_copied_with_the_time_of_the_exchange(
    course: Course,
) -> None:
    course.release()
    work = course.first.home / "ps1"
    write_tree(work, WORK | {".ipynb_checkpoints/p1.ipynb": b"old"})
    (work / "notes" / "more.txt").chmod(0o444)
    # Links are followed, but not in a circle, and not to nowhere.
    (work / "notes" / "back").symlink_to(work)
    (work / "nowhere").symlink_to(work / "no such file")
    # A shell completes a directory's name so.
    course.first.nbgrader("submit", "./ps1/", course.option)
    second = course.first.nbgrader("submit", "ps1", course.option)

    times = course.submissions(course.first)
    assert len(times) == 2 and times[0] < times[1]
    assert_same_tree(course.submitted(course.first), WORK)
    assert times[1] in second.stderr
    for copy, time in zip(copies(course.first), times, strict=True):
        assert copy.name == f"{course.first.name}+ps1+{time}"
        assert_same_tree(read_tree(copy), WORK | {"timestamp.txt": time.encode()})


def test_a_missing_notebook_is_a_warning_and_under_strict_a_failure(
    course: Course,
) -> None:
    course.release(tree={"p1.ipynb": b"1", "sub/p2.ipynb": b"2"})
    write_tree(course.first.home / "ps1", {"p1.ipynb": b"1", "mine.ipynb": b"3"})
    complaint = course.first.refused("submit", "ps1", course.option, "--strict")
    assert "notebooks are missing: sub/p2.ipynb" in complaint
    assert course.submissions(course.first) == []
    outcome = course.first.nbgrader("submit", "ps1", course.option)
    assert "missing: sub/p2.ipynb" in outcome.stderr
    assert "extra: mine.ipynb" in outcome.stderr
    assert len(course.submissions(course.first)) == 1


def test_an_extra_notebook_passes_under_strict(course: Course) -> None:
    course.release()
    write_tree(course.first.home / "ps1", WORK | {"mine.ipynb": b"3"})
    course.first.nbgrader("submit", "ps1", course.option, "--strict")
    assert "mine.ipynb" in course.submitted(course.first)


def test_nobody_submits_in_another_ones_name(course: Course) -> None:
    course.release()
    write_tree(course.first.home / "ps1", WORK)
    other = course.second.name
    complaint = course.first.refused(
        "submit", "ps1", course.option, f"--student={other}"
    )
    assert f"so not for '{other}'" in complaint
    complaint = course.first.refused("submit", "ps1", course.option, "--student=a*")
    assert "no '*' and no '+'" in complaint
    assert copies(course.first) == []


def test_work_that_is_too_large_is_refused_with_the_limit(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)
    write_tree(course.first.home / "ps1", WORK)
    message = b'{"success": false, "message": "larger than the limit of 9 bytes"}'
    front.rule = lambda asked: answer(413, message) if asked.method == "POST" else None
    complaint = course.first.refused("submit", "ps1", course.option)
    assert "make it smaller (larger than the limit of 9 bytes)" in complaint
    assert copies(course.first) == []


def test_a_submission_whose_answer_is_lost_is_not_sent_twice(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)
    write_tree(course.first.home / "ps1", WORK)
    front.rule = lambda asked: cut if asked.method == "POST" else None
    complaint = course.first.refused("submit", "ps1", course.option)
    assert "submit again, the newest one counts" in complaint
    assert len(course.submissions(course.first)) == 1


def test_a_dead_server_is_a_failure(course: Course, front: Front) -> None:
    course.release()
    write_tree(course.first.home / "ps1", WORK)
    through(front.url, course.first)
    front.stop()
    complaint = course.first.refused(
        "submit", "ps1", course.option, "--NbCourier.attempts=2"
    )
    assert f"The exchange at {front.url} does not answer" in complaint


def test_a_token_that_nobody_knows_is_explained(course: Course, front: Front) -> None:
    write_tree(course.first.home / "ps1", WORK)
    through(front.url, course.first)
    refusal = b'{"success": false, "message": "no such token"}'
    front.rule = lambda asked: answer(401, refusal)
    complaint = course.first.refused("submit", "ps1", course.option)
    assert "your token is missing or has expired. Restart your server" in complaint


def test_a_directory_that_is_not_there_is_named(course: Course) -> None:
    complaint = course.first.refused("submit", "ps7", course.option)
    assert "there is no directory" in complaint and "ps7" in complaint


def test_a_file_of_the_name_that_nbgrader_uses_for_the_time_means_nothing(
    course: Course,
) -> None:
    course.release()
    forged = {"timestamp.txt": b"2001-01-01 00:00:00"}
    write_tree(course.first.home / "ps1", WORK | forged)
    course.first.nbgrader("submit", "ps1", course.option)
    (copy,) = copies(course.first)
    (time,) = course.submissions(course.first)
    assert (copy / "timestamp.txt").read_text() == time
    assert_same_tree(without(read_tree(copy), "timestamp.txt"), WORK)
