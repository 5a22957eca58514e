"""`nbgrader submit`."""

import json
import os
from glob import glob
from pathlib import Path

from course import RELEASED, Course, both_wires, ngshare_only, through
from front import ForwardedRequest, Front, Spoil, cut, from_exchange, problem
from people import Person
from trees import assert_same_tree, read_tree, without, write_tree

WORK = RELEASED | {"p1.ipynb": b"my answers", "notes/more.txt": b"more"}


def cache(student: Person) -> Path:
    return student.home / ".local" / "share" / "jupyter" / "nbgrader_cache"


def copies(student: Person) -> list[Path]:
    return sorted(Path(path) for path in glob(f"{cache(student)}/*/*"))


def receipts(student: Person) -> list[dict]:
    found = sorted(cache(student).glob("*/.receipts/*.json"))
    return [json.loads(path.read_text()) for path in found]


@both_wires
def test_every_submission_is_stored_and_copied_with_the_time_of_the_exchange(
    course: Course,
) -> None:
    course.release()
    work = course.first.home / "ps1"
    write_tree(work, WORK | {".ipynb_checkpoints/p1.ipynb": b"old"})
    (work / "notes" / "more.txt").chmod(0o444)
    # Links are followed, except for circular and broken ones.
    (work / "notes" / "back").symlink_to(work)
    (work / "nowhere").symlink_to(work / "no such file")
    # Tab completion in a shell writes the name of a directory like this.
    course.first.nbgrader("submit", "./ps1/", course.option)
    second = course.first.nbgrader("submit", "ps1", course.option)

    times = course.submissions(course.first)
    assert len(times) == 2 and times[0] < times[1]
    assert_same_tree(course.submitted(course.first), WORK)
    assert times[1] in second.stderr
    for copy, time in zip(copies(course.first), times, strict=True):
        assert copy.name == f"{course.first.name}+ps1+{time}"
        assert_same_tree(read_tree(copy), WORK | {"timestamp.txt": time.encode()})


@both_wires
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


def test_nobody_submits_in_another_ones_name_but_who_teaches(course: Course) -> None:
    course.release()
    other = course.second.name
    option = f"--student={other}"
    for person in (course.first, course.instructor):
        write_tree(person.home / "ps1", WORK)
    complaint = course.first.refused("submit", "ps1", course.option, option)
    assert "You are not allowed to do this" in complaint
    complaint = course.first.refused("submit", "ps1", course.option, "--student=a*")
    assert "no '*' and no '+'" in complaint
    assert copies(course.first) == []
    assert course.submissions(course.second) == []

    course.instructor.nbgrader("submit", "ps1", course.option, option)
    assert_same_tree(course.submitted(course.second), WORK)
    (time,) = course.submissions(course.second)
    (copy,) = copies(course.instructor)
    assert copy.name == f"{other}+ps1+{time}"
    (receipt,) = receipts(course.instructor)
    assert receipt["receipt"]["submitted_by"] == course.instructor.name
    complaint = course.instructor.refused(
        "submit", "ps1", course.option, "--student=nobody"
    )
    assert "The exchange says: Student not found" in complaint


@ngshare_only
def test_an_ngshare_takes_submissions_from_the_students_themselves_only(
    course: Course,
) -> None:
    course.release()
    other = course.second.name
    write_tree(course.instructor.home / "ps1", WORK)
    complaint = course.instructor.refused(
        "submit", "ps1", course.option, f"--student={other}"
    )
    assert f"so not for '{other}'" in complaint


def test_a_receipt_is_printed_and_kept_and_the_exchange_knows_it(
    course: Course,
) -> None:
    course.release()
    write_tree(course.first.home / "ps1", WORK)
    said = course.first.nbgrader("submit", "ps1", course.option).stderr
    (kept,) = receipts(course.first)
    receipt = kept["receipt"]
    (time,) = course.submissions(course.first)
    assert f"submission {receipt['id']} of {time} UTC, {len(WORK)} files" in said
    assert receipt["tree"] in said
    assert (receipt["student"], receipt["files"]) == (course.first.name, len(WORK))
    verdict = course.second.post_json("v1/receipts/verify", kept)
    assert verdict == {"valid": True, "stored": True}

    # The copy may be removed; the receipt still proves the submission.
    course.first.nbgrader("list", "--cached", "--remove", course.option)
    assert copies(course.first) == []
    assert receipts(course.first) == [kept]


def test_work_that_is_too_large_is_refused_with_the_limit(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)
    write_tree(course.first.home / "ps1", WORK)
    too_large = problem(413, "larger than the limit of 9 bytes")
    front.rule = lambda asked: too_large if asked.method == "POST" else None
    complaint = course.first.refused("submit", "ps1", course.option)
    assert "make it smaller (larger than the limit of 9 bytes)" in complaint
    assert copies(course.first) == []


@both_wires
def test_a_limit_on_what_may_be_kept_is_reported_at_once_and_is_a_failure(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)
    write_tree(course.first.home / "ps1", WORK)
    posts = []

    def refuse(asked: ForwardedRequest) -> Spoil | None:
        posts.extend([asked] if asked.method == "POST" else [])
        return refusal if asked.method == "POST" else None

    front.rule = refuse
    for status, sentence in (
        (409, "ada has submitted 1000 times to ps1"),
        (413, "takes 1.9 GiB of the 2.0 GiB"),
        (507, "The exchange is short of disk space"),
    ):
        body = json.dumps({"success": False, "message": sentence}).encode()
        refusal = from_exchange(status, body)
        posts.clear()
        assert sentence in course.first.refused("submit", "ps1", course.option)
        assert len(posts) == 1, "another attempt would change nothing"
    assert copies(course.first) == []


@both_wires
def test_a_client_above_the_rate_waits_as_long_as_the_exchange_says(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)
    write_tree(course.first.home / "ps1", WORK)
    posts = []

    def too_often(asked: ForwardedRequest) -> Spoil | None:
        posts.extend([asked] if asked.method == "POST" else [])
        return busy if asked.method == "POST" and len(posts) < 3 else None

    body = b'{"success": false, "message": "You send more than 300 requests a second"}'
    busy = from_exchange(429, body, Retry_After="1")
    front.rule = too_often
    said = course.first.nbgrader("submit", "ps1", course.option).stderr
    assert "more than 300 requests a second" in said and "trying again in 1." in said
    assert len(course.submissions(course.first)) == 1


def test_only_what_changed_travels(course: Course, front: Front) -> None:
    course.release()
    through(front.url, course.first)
    # The content cannot be compressed, so that the count is the size of the files.
    work = {f"data/{n}.bin": os.urandom(20_000) for n in range(100)}
    write_tree(course.first.home / "ps1", work | {"p1.ipynb": b"1" * 5_000})
    course.first.nbgrader("submit", "ps1", course.option)
    first = sum(asked.sent for asked in front.asked)
    assert first > 2_000_000

    front.asked.clear()
    changed = {"p1.ipynb": os.urandom(5_000)}
    write_tree(course.first.home / "ps1", changed)
    course.first.nbgrader("submit", "ps1", course.option)
    # The names and checksums of the files, twice, and the one changed file.
    assert sum(asked.sent for asked in front.asked) < 5_000 + 2 * 100 * 130
    assert [asked.method for asked in front.asked] == ["GET", "POST", "POST"]
    assert_same_tree(course.submitted(course.first), work | changed)

    # Submitting unchanged work sends only the list.
    front.asked.clear()
    course.first.nbgrader("submit", "ps1", course.option)
    assert [asked.method for asked in front.asked] == ["GET", "POST"]
    assert len(course.submissions(course.first)) == 3


def test_text_travels_compressed_and_arrives_as_it_was(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)
    work = {
        "p1.ipynb": b"".join(b"a line of text, number %d\n" % n for n in range(9_999))
    }
    write_tree(course.first.home / "ps1", work)
    course.first.nbgrader("submit", "ps1", course.option)
    assert sum(asked.sent for asked in front.asked) < len(work["p1.ipynb"]) / 3
    assert_same_tree(course.submitted(course.first), work)


def test_names_of_all_kinds_travel(course: Course) -> None:
    course.release()
    work = {
        "ü ({+}) &=?.ipynb": b"1",
        "'\"% 100.txt": b"2",
        f"{'long name ' * 15}.txt": b"3",
        f"{'deep/' * 60}end": b"4",
        "empty": b"",
    }
    write_tree(course.first.home / "ps1", work)
    course.first.nbgrader("submit", "ps1", course.option)
    assert_same_tree(course.submitted(course.first), work)
    course.instructor.nbgrader("collect", "ps1", course.option)
    collected = course.instructor.home / "submitted" / course.first.name / "ps1"
    assert_same_tree(without(read_tree(collected), "timestamp.txt"), work)


def test_a_submission_whose_answer_is_lost_is_sent_again_and_stored_once(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)
    write_tree(course.first.home / "ps1", WORK)
    posts = []

    def first_answer_is_lost(asked: ForwardedRequest) -> Spoil | None:
        posts.extend([asked] if asked.method == "POST" else [])
        return cut if len(posts) == 1 else None

    front.rule = first_answer_is_lost
    said = course.first.nbgrader("submit", "ps1", course.option).stderr
    assert "trying again" in said
    assert len(posts) == 2
    (time,) = course.submissions(course.first)
    assert [copy.name for copy in copies(course.first)] == [
        f"{course.first.name}+ps1+{time}"
    ]


@both_wires
def test_an_unknown_outcome_is_reported(
    course: Course, front: Front
) -> None:
    course.release()
    through(front.url, course.first)
    write_tree(course.first.home / "ps1", WORK)
    front.rule = lambda asked: cut if asked.method == "POST" else None
    complaint = course.first.refused(
        "submit", "ps1", course.option, "--NbCourier.attempts=2"
    )
    assert "submit again, the newest one counts" in complaint
    # One submission, however often it was sent. An ngshare would store each, so the plugin sends it once there.
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
    front.rule = lambda asked: from_exchange(401, refusal)
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
