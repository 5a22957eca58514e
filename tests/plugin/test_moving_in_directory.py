"""A course moves over from nbgrader's own exchange, a shared directory."""

import shutil
import subprocess
import sys
import urllib.parse
import uuid
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nbgrader.utils import make_unique_key, notebook_hash
from ngshare import Installation, Wire
from processes import clean_environment
from standalone import Standalone
from test_moving_in import Import, contents
from trees import Tree, assert_same_tree, decoded, read_tree, without

COURSE = "algebra 1"
TERM = Path(__file__).with_name("shared_directory.py")
COMMAND_LIMIT_S = 120
PROGRAMS = Path(sys.executable).parent


def move(binary: Path, root: Path, data: Path, *options: str) -> Import:
    """Runs the import to its end."""
    done = subprocess.run(
        [str(binary), "import", "exchange", str(root), f"--data-dir={data}", *options],
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    assert "panicked" not in done.stderr, done.stderr
    return Import(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def term(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directories of all people, and `exchange`, at the end of the term."""
    home = tmp_path_factory.mktemp("term")
    done = subprocess.run(
        [sys.executable, str(TERM), COURSE],
        cwd=home,
        env=clean_environment(path_first=PROGRAMS, home=home) | {"USER": "ira"},
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(home / "exchange" / COURSE / "outbound" / "withdrawn")
    return home


@pytest.fixture(scope="module")
def root(term: Path) -> Path:
    """The shared directory."""
    return term / "exchange"


@pytest.fixture(scope="module")
def moved(binary: Path, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with everything imported."""
    data = tmp_path_factory.mktemp("moved") / "data"
    outcome = move(binary, root, data, "--instructor=ira")
    assert outcome.code == 0, outcome.stdout + outcome.stderr
    assert outcome.says("withdrawn", "is not released")
    return data


@pytest.fixture(scope="module")
def wire(binary: Path, moved: Path) -> Iterator[Wire]:
    """The exchange that replaced the directory."""
    service = Standalone(binary, moved.parent)
    yield Wire(int(urllib.parse.urlsplit(service.url).port or 0))
    service.stop()


def get(wire: Wire, caller: str, *path: str, **query: str) -> dict:
    """Returns a reply that must be a success."""
    address = "/".join(urllib.parse.quote(part, safe="") for part in path)
    status, reply = wire.get(caller, address, **query)
    assert status == 200 and isinstance(reply, dict), f"{address}: {status} {reply}"
    return reply


def inbound(root: Path, student: str, assignment: str = "ps1") -> dict[str, Tree]:
    """Returns the student's submissions by the time in the directory's name, oldest first."""
    directories = sorted((root / COURSE / "inbound").glob(f"{student}+{assignment}+*"))
    return {
        path.name.split("+")[2]: without(
            read_tree(path), "timestamp.txt", "submission_secret.txt"
        )
        for path in directories
    }


def test_people_fetch_what_the_directory_had(wire: Wire, root: Path) -> None:
    released = get(wire, "ada", "assignment", COURSE, "ps1")["files"]
    assert_same_tree(decoded(released), read_tree(root / COURSE / "outbound" / "ps1"))
    assert get(wire, "zoë b", "assignments", COURSE)["assignments"] == ["ps1"]
    for student, count in (("ada", 2), ("zoë b", 1)):
        handed_in = inbound(root, student)
        assert len(handed_in) == count
        listed = get(wire, student, "submissions", COURSE, "ps1", student)["submissions"]
        times = [each["timestamp"] for each in listed]
        assert times == [time.removesuffix(" UTC") for time in handed_in]
        for time, tree in handed_in.items():
            reply = get(
                wire, "ira", "submission", COURSE, "ps1", student, timestamp=time
            )
            assert_same_tree(decoded(reply["files"]), tree)


def test_feedback_finds_the_submission_it_is_on(wire: Wire, root: Path) -> None:
    for student in ("ada", "zoë b"):
        *earlier, newest = inbound(root, student)
        for time in earlier:
            reply = get(wire, student, "feedback", COURSE, "ps1", student, timestamp=time)
            assert reply["files"] == []
        reply = get(wire, student, "feedback", COURSE, "ps1", student, timestamp=newest)
        pages = {
            f"{notebook}.html": f"<p>{notebook} of {student}".encode()
            for notebook in ("p1", "p2 (two)")
        }
        assert_same_tree(decoded(reply["files"]), pages)


def test_the_caller_is_named_if_known(wire: Wire) -> None:
    students = get(wire, "ira", "students", COURSE)["students"]
    assert [each["username"] for each in students] == ["ada", "zoë b"]
    teachers = get(wire, "ada", "instructors", COURSE)["instructors"]
    assert [each["username"] for each in teachers] == ["ira"]


def test_work_of_what_is_withdrawn_comes_back_with_its_release(wire: Wire, root: Path) -> None:
    path = f"assignment/{urllib.parse.quote(COURSE)}/withdrawn"
    wire.change("POST", "ira", path, files="[]")
    listed = get(wire, "ada", "submissions", COURSE, "withdrawn", "ada")["submissions"]
    assert len(listed) == 1
    wire.change("DELETE", "ira", path)


def test_the_directory_stays_as_it_is_and_a_second_run_adds_nothing(
    binary: Path, root: Path, tmp_path: Path
) -> None:
    untouched = Installation(root).snapshot()
    data = tmp_path / "data"
    dry = move(binary, root, data, "--dry-run", "--json")
    assert dry.code == 0 and dry.report["added"]["feedback"] == 2, dry.stdout
    assert not data.exists()
    first = move(binary, root, data)
    assert first.code == 0 and first.says("has no roster"), first.stdout
    before = contents(data)
    again = move(binary, root, data, "--json")
    assert again.code == 0, again.stdout
    assert set(again.report["added"].values()) == {0}
    assert again.report["known"]["submissions"] == 4
    assert contents(data) == before
    assert Installation(root).snapshot() == untouched


def test_odd_entries_are_named_and_left_out(binary: Path, root: Path, moved: Path, tmp_path: Path) -> None:
    odd = tmp_path / "exchange"
    shutil.copytree(root, odd)
    course = odd / COURSE
    (course / "inbound" / "nonsense").mkdir()
    (course / "inbound" / "ada+ps1+yesterday").mkdir()
    (course / "inbound" / "file+ps1+2026-01-30 10:30:47.5 UTC").write_bytes(b"")
    secret = tmp_path / "secret"
    secret.write_text("of somebody else")
    trap = course / "inbound" / "eve+ps1+2026-01-30 10:30:47.500000 UTC+aB"
    trap.mkdir()
    (trap / "p1.ipynb").symlink_to(secret)
    (trap / "back\\slash").write_bytes(b"")
    (course / "feedback" / f"{0:032x}.html").write_bytes(b"whose?")
    outcome = move(binary, odd, tmp_path / "data")
    assert outcome.code == 1
    for words in (
        ['"nonsense"', "is not a directory named USER+ASSIGNMENT+TIME"],
        ["yesterday", "is not a directory named"],
        ["file+ps1", "is not a directory named"],
        ["eve at", "p1.ipynb", "is a link"],
        ["eve at", "back", "is an illegal path"],
        ["1 pages of feedback belong to no existing submission"],
    ):
        assert outcome.says(*words), f"{words}\n{outcome.stdout}"
    came, whole = contents(tmp_path / "data")["submissions"], contents(moved)["submissions"]
    assert [row[:3] for row in came if row not in whole] == [(COURSE, "ps1", "eve")]
    assert [row for row in came if row in whole] == whole
    missing = move(binary, odd, tmp_path / "data", "--course=nowhere")
    assert missing.code == 1 and "There is no course nowhere" in missing.stderr
    empty = move(binary, secret.parent / "data", tmp_path / "more")
    assert empty.code == 1 and "There is no course in" in empty.stderr


def test_names_with_a_plus_and_feedback_of_older_nbgraders(
    binary: Path, root: Path, tmp_path: Path
) -> None:
    old = tmp_path / "exchange"
    course = old / "old"
    written = "2019-01-30 10:30:47.524219 UTC"
    for name in (f"ada+x+ps1+{written}", f"bob+ps+2+{written}+aB-_"):
        work = course / "inbound" / name
        work.mkdir(parents=True)
        (work / "p1.ipynb").write_text(name)
        (work / "timestamp.txt").write_text(written)
    (course / "outbound" / "ps+2").mkdir(parents=True)
    (course / "feedback").mkdir()
    first, second = sorted((course / "inbound").iterdir())
    key = make_unique_key("old", "ps1", "p1", "ada+x", written)
    pages = {
        notebook_hash(str(first / "p1.ipynb"), key): "by its key",
        notebook_hash(str(second / "p1.ipynb")): "by its bytes",
    }
    for name, text in pages.items():
        (course / "feedback" / f"{name}.html").write_text(text)
    outcome = move(binary, old, tmp_path / "data")
    assert outcome.code == 0, outcome.stdout
    found = contents(tmp_path / "data")
    assert [row[:3] for row in found["submissions"]] == [
        ("old", "ps+2", "bob"),
        ("old", "ps1", "ada+x"),
    ]
    assert {row[3] for row in found["submissions"]} == {1_548_844_247_524_219}
    assert [row[0] for row in found["feedback"]] == ["ada+x", "bob"]


def handed_in(root: Path, name: str, text: str = "", time: str | None = None) -> None:
    """Writes a submission to a shared directory."""
    work = root / "algebra" / "inbound" / name
    work.mkdir(parents=True)
    (work / "p1.ipynb").write_text(text)
    if time is not None:
        (work / "timestamp.txt").write_text(time)


def test_whatever_zone_python_prints_no_submission_is_mistimed(binary: Path, tmp_path: Path) -> None:
    root, truth, abbreviations = tmp_path / "exchange", {}, {}
    for number, zone in enumerate(sorted(zoneinfo.available_timezones())):
        for month in (1, 7):
            at = datetime(2024, month, 15, 12, 30, 0, 250_000, UTC)
            local = at.astimezone(zoneinfo.ZoneInfo(zone))
            student = f"s{number}-{month}"
            written = local.strftime("%Y-%m-%d %H:%M:%S.%f %Z")
            handed_in(root, f"{student}+ps1+{written}+aZ-_4rTt9x1Q", time=written)
            truth[student] = int(at.timestamp()) * 1_000_000 + 250_000
            abbreviations[student] = local.tzname()
    assert len(truth) > 800, "there is no tzdata on this machine"
    outcome = move(binary, root, tmp_path / "data", "--instructor=ira")
    came = {row[2]: row[3] for row in contents(tmp_path / "data")["submissions"]}
    assert came == {student: truth[student] for student in came}
    left = {abbreviations[student] for student in truth.keys() - came.keys()}
    assert left and left <= {"IST", "CST", "CDT", "PST"}, outcome.stdout
    assert outcome.code == 1 and outcome.says("IST", "stands for several zones")
    lines = [line for line in outcome.stdout.splitlines() if line.startswith("left behind")]
    assert len(lines) == len(left), "a line for each reason"


def test_times_and_names_are_distinguished_by_the_options_of_the_operator(
    binary: Path, tmp_path: Path
) -> None:
    root = tmp_path / "exchange"
    noon = 1_769_774_400_000_000
    for name, time in (
        ("jupyter-ada+ps1+2026-01-30 17:30:00 IST+r1", None),
        ("jupyter-bob+ps1+2026-01-30 17:30:00+r1", None),
        ("eve+ps1+2026-01-30 17:30:00 +0530", None),
        ("kim+ps1+on Friday+r1", "2026-01-30 12:00:00 UTC"),
        ("jupyter-a.very.long.addres-1a2b3+ps1+2026-01-30 12:00:00 UTC", None),
    ):
        handed_in(root, name, time=time)
    plain = move(binary, root, tmp_path / "plain", "--instructor=grader-algebra")
    assert plain.code == 1
    assert plain.says("IST", "stands for several zones", "--timezone")
    assert plain.says("jupyter-bob", "without a zone", "--timezone")
    assert plain.says("--strip-prefix jupyter-")
    assert plain.says("grader-algebra", "looks like a service")
    table = tmp_path / "names.csv"
    table.write_text("old,new\njupyter-a.very.long.addres-1a2b3,long\neve,eva\n")
    options = ("--timezone=Asia/Kolkata", "--strip-prefix=jupyter-", f"--user-map={table}")
    moved = move(binary, root, tmp_path / "data", "--instructor=ira", *options)
    assert moved.code == 0, moved.stdout + moved.stderr
    came = {row[2]: row[3] for row in contents(tmp_path / "data")["submissions"]}
    assert came == dict.fromkeys(["ada", "bob", "eva", "kim", "long"], noon)


def test_a_directory_that_is_not_an_exchange_is_named(binary: Path, tmp_path: Path) -> None:
    for number, (made, words) in enumerate(
        (
            ("release/ps1", "a course directory of instructors"),
            ("inbound", "a single course"),
            (".", "empty"),
            ("algebra/source/ps1", "course directories of instructors"),
            ("exchange/algebra/inbound", "Name " + str(tmp_path / "4" / "exchange")),
            ("algebra/ada+ps1+2026-01-30 12:00:00 UTC", "the cache in a home directory"),
            ("blobs", "no directory in it contains outbound or inbound"),
        )
    ):
        place = tmp_path / str(number)
        (place / made).mkdir(parents=True)
        outcome = move(binary, place, tmp_path / "data")
        assert outcome.code == 1 and words in outcome.stderr, outcome.stderr
    assert not (tmp_path / "data").exists()


def test_files_that_are_no_exchange_are_named_for_what_they_are(
    binary: Path, tmp_path: Path
) -> None:
    (tmp_path / "exchange" / "algebra" / "inbound").mkdir(parents=True)
    packed = tmp_path / "packed"
    packed.mkdir()
    for form in ("zip", "gztar"):
        shutil.make_archive(str(packed / "exchange"), form, tmp_path / "exchange")
    storage = tmp_path / "storage"
    storage.mkdir()
    for _ in range(3):
        (storage / str(uuid.uuid4())).write_bytes(b"x")
    for place, words in (
        (packed / "exchange.zip", ["a zip file", "unpack it"]),
        (packed / "exchange.tar.gz", ["not a directory", "unpack it"]),
        (packed, ["exchange.", "Unpack the archive"]),
        (storage, ["storage directory of an ngshare", "nbcourier import ngshare"]),
        (tmp_path / "nowhere", ["cannot be read"]),
    ):
        outcome = move(binary, place, tmp_path / "data")
        assert outcome.code == 1 and all(word in outcome.stderr for word in words), outcome
    for place, words in (
        (packed / "exchange.zip", "is a zip file, not an archive"),
        (packed / "exchange.tar.gz", "contains no manifest.json"),
        (tmp_path / "exchange", "is a directory, not an archive"),
    ):
        done = subprocess.run(
            [str(binary), "import", "archive", str(place), f"--data-dir={tmp_path / 'data'}"],
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
        )
        assert done.returncode == 1 and words in done.stderr, done.stderr
    done = subprocess.run(
        [
            *(str(binary), "import", "ngshare", f"--database={storage}"),
            *(f"--storage={storage}", f"--data-dir={tmp_path / 'data'}"),
        ],
        capture_output=True,
        text=True,
        timeout=COMMAND_LIMIT_S,
    )
    assert done.returncode == 1 and "is a directory. Name the file" in done.stderr


def test_names_that_look_like_others_are_noted_and_come_over_as_they_are(
    binary: Path, tmp_path: Path
) -> None:
    root, written = tmp_path / "exchange", "2026-01-30 12:00:00 UTC+r1"
    names = ["Ada", "ada", "zo\u00eb", "zoe\u0308", "bob", "bob ", "\u0430nna", "anna", "k\u200bim"]
    for name in names:
        handed_in(root, f"{name}+ps1+{written}", name)
    handed_in(root, f"ada+PS1+{written}")
    for place in ("algebra/outbound", "Algebra/outbound"):
        (root / place).mkdir(parents=True, exist_ok=True)
    for options in (("--dry-run",), ()):
        outcome = move(binary, root, tmp_path / "data", "--instructor=ira", *options)
        assert outcome.code == 0, outcome.stdout
        for words in (
            ['"Ada" and "ada"', "only in case", "--user-map"],
            ["(U+0308)", "(U+00EB)", "look alike", "--user-map"],
            ['"bob" and "bob "', "look alike", "--user-map"],
            ["(U+0430)", "look alike", "--user-map"],
            ['"bob "', "begins or ends with a blank", "--user-map"],
            ["U+200B", "--user-map"],
            ['"PS1" and "ps1"', "only in case"],
            ['"Algebra" and "algebra"', "only in case"],
        ):
            assert outcome.says(*words), f"{words}\n{outcome.stdout}"
    came = [row[2] for row in contents(tmp_path / "data")["submissions"]]
    assert sorted(came) == sorted([*names, "ada"])

    # A blank in a name is also a blank in the table.
    table = tmp_path / "names.csv"
    table.write_text('"bob ",bob\nAda,ada\nzoe\u0308,zo\u00eb\n\u0430nna,anna\nk\u200bim,kim\n')
    mapped = move(binary, root, tmp_path / "mapped", "--instructor=ira", f"--user-map={table}", "--dry-run")
    assert mapped.says("ada", "are taken for the same person")
    assert not mapped.says("look alike"), mapped.stdout
    # Existing names count as well.
    late = tmp_path / "late"
    handed_in(late, f"ANNA+ps1+{written}")
    outcome = move(binary, late, tmp_path / "data", "--instructor=ira")
    assert outcome.says('"ANNA"', '"anna"', "look alike"), outcome.stdout


def test_names_in_an_archive_that_look_like_others_are_noted(
    binary: Path, tmp_path: Path
) -> None:
    def run(*arguments: str) -> str:
        done = subprocess.run(
            [str(binary), *arguments], capture_output=True, text=True, timeout=COMMAND_LIMIT_S
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    written = "2026-01-30 12:00:00 UTC+r1"
    for name in ("Ada", "zo\u00eb", "bob ", "kim"):
        handed_in(tmp_path / "exchange", f"{name}+ps1+{written}")
    for name in ("ada", "k\u0456m"):
        work = tmp_path / "here" / "geometry" / "inbound" / f"{name}+ps1+{written}"
        work.mkdir(parents=True)
        (work / "p1.ipynb").write_text(name)
    for source, data in (("exchange", "old"), ("here", "new")):
        assert move(binary, tmp_path / source, tmp_path / data, "--instructor=ira").code == 0
    archive = tmp_path / "algebra.tar.zst"
    run("export", "algebra", f"--output={archive}", f"--data-dir={tmp_path / 'old'}")
    output = run("import", "archive", str(archive), f"--data-dir={tmp_path / 'new'}")
    lines = [line for line in output.splitlines() if line.startswith("note: ")]
    for words in (
        ['"Ada" and "ada"', "upper and lower case", "user merge"],
        ['"kim" and', "(U+0456)", "user merge"],
        ['"bob "', "begins or ends with a blank", "user rename"],
    ):
        assert any(all(word in line for word in words) for line in lines), output
    assert len(lines) == 3 and "Imported algebra with 4 submissions" in output, output
    assert [row[0] for row in contents(tmp_path / "new")["courses"]] == ["algebra", "geometry"]


def test_a_dry_run_has_a_line_for_each_reason_and_none_for_each_student(
    binary: Path, tmp_path: Path
) -> None:
    root = tmp_path / "exchange"
    for number in range(300):
        zone = ("IST", "GMT Standard Time", "")[number % 3]
        handed_in(root, f"jupyter-s{number}+ps1+2026-01-30 12:00:00 {zone}".strip())
    outcome = move(binary, root, tmp_path / "data", "--instructor=ira", "--dry-run")
    assert outcome.code == 1
    left = [line for line in outcome.stdout.splitlines() if line.startswith("left behind (100)")]
    assert len(left) == 3 and len(outcome.stdout.splitlines()) < 12, outcome.stdout
    moved = move(binary, root, tmp_path / "data", "--instructor=ira", "--timezone=Asia/Kolkata")
    came = contents(tmp_path / "data")["submissions"]
    assert moved.code == 0 and len(came) == 300, moved.stdout
    assert {row[3] for row in came} == {1_769_754_600_000_000}


def test_other_formats_of_times_are_read_as_the_operator_names_them(
    binary: Path, tmp_path: Path
) -> None:
    noon = 1_769_774_400_000_000
    for number, (written, *options) in enumerate(
        (
            ("30.01.2026 13:00:00 CET", "--timestamp-format=%d.%m.%Y %H:%M:%S %Z"),
            ("01-30-2026 07:00:00 AM EST", "--timestamp-format=%m-%d-%Y %I:%M:%S %p %Z"),
            ("CET 2026-01-30 13:00:00", "--timestamp-format=%Z %Y-%m-%d %H:%M:%S", "--timezone=UTC"),
            ("1769774400", "--timestamp-format=%s"),
            ("20260130120000UTC",),
            ("2026-01-30 02:00 PM +02",),
            ("2026-01-30 12:00:00 W. Europe Standard Time", "--timezone=+00:00"),
        )
    ):
        root = tmp_path / str(number)
        handed_in(root, f"ada+ps1+{written}+r1")
        data = tmp_path / f"data {number}"
        outcome = move(binary, root, data, "--instructor=ira", *options)
        assert outcome.code == 0, f"{written}: {outcome.stdout}{outcome.stderr}"
        assert [row[3] for row in contents(data)["submissions"]] == [noon], written
