"""The directories of the exchange as a file system: refusals, hostile names, and servers that answer wrongly."""

import pytest
from course import PluginPerson
from file_system import WEATHER, NbCourierFileSystem, opened, version
from front import Front, answer, cut, from_exchange, without_v1


def test_refusals_are_the_errors_of_a_file_system(fs: NbCourierFileSystem, data: str) -> None:
    for kind, change in (
        (FileNotFoundError, lambda: fs.cat(f"{data}/nothing")),
        (FileNotFoundError, lambda: fs.mv(f"{data}/nothing", f"{data}/x")),
        (FileNotFoundError, lambda: fs.open("nobody/nothing/x")),
        (IsADirectoryError, lambda: fs.open(f"{data}/unit1")),
        (IsADirectoryError, lambda: fs.pipe(f"{data}/unit1", b"")),
        (IsADirectoryError, lambda: fs.pipe(data, b"")),
        (IsADirectoryError, lambda: fs.rm(f"{data}/unit1")),
        (FileExistsError, lambda: fs.pipe(f"{data}/weather.csv/x", b"")),
        (OSError, lambda: fs.mv(f"{data}/unit1", f"{data}/unit1/a/c")),
    ):
        with pytest.raises(kind):
            change()
    with pytest.raises(OSError, match="moved or copied into itself"):
        fs.mv(f"{data}/unit1", f"{data}/unit1/a/c")


def test_directories_of_others_are_not_there_until_they_are_granted(
    fs: NbCourierFileSystem, data: str, ada: PluginPerson, bob: PluginPerson
) -> None:
    others = opened(bob)
    for attempt in (
        lambda: others.cat(f"{data}/weather.csv"),
        lambda: others.ls(data),
        lambda: others.pipe(f"{data}/x", b""),
        lambda: others.rm(data, recursive=True),
    ):
        with pytest.raises(FileNotFoundError, match="Directory not found"):
            attempt()
    assert not others.exists(data) and data not in others.find("", withdirs=True)
    grants = {"grants": [{"kind": "user", "name": bob.name, "level": "read"}]}
    ada.put_json(f"v1/directories/{data}/grants", grants)
    assert others.cat(f"{data}/weather.csv") == WEATHER
    assert data in others.ls(ada.name, detail=False)
    with pytest.raises(PermissionError):
        others.pipe(f"{data}/x", b"")
    with pytest.raises(PermissionError):
        others.mkdir(f"{ada.name}/mine")


HOSTILE = (
    "report@3",
    "a@",
    "@3",
    "ünïcödé ☃",
    "a b+c%2F&d=e#f",
    "quo\"te'",
    "-rf",
    "...",
    "nbcourier:x",
    "con::x",
    "$(touch x)",
    "<script>",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_odd_names_are_read_as_they_were_written(
    fs: NbCourierFileSystem, data: str, name: str, ada: PluginPerson
) -> None:
    ada.put_json(f"v1/directories/{data}/grants", {"grants": []})
    changes = [{"op": "copy", "from": "weather.csv", "to": f"odd/{name}"}]
    changes.append({"op": "copy", "from": "weather.csv", "to": f"odd/{name} folder/{name}"})
    ada.post_json(f"v1/directories/{data}/changes", {"changes": changes})
    (file,) = [each["name"] for each in fs.ls(f"{data}/odd") if each["type"] == "file"]
    assert fs.cat_file(file) == WEATHER
    assert fs.cat_file(f"nbcourier://{file}") == WEATHER
    assert sum(len(files) for _, _, files in fs.walk(f"{data}/odd")) == 2
    fs.pipe_file(file, b"changed")
    assert fs.cat_file(file) == b"changed"
    fs.rm_file(file)
    assert not fs.exists(file) and len(fs.find(f"{data}/odd")) == 1


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "a//b", ".", "a/./b", "a\0b", "a\nb", "a\\b", "\ud800"]
)
def test_illegal_paths_lead_nowhere(fs: NbCourierFileSystem, data: str, path: str) -> None:
    before = version(fs, data)
    with pytest.raises(OSError):
        fs.pipe_file(f"{data}/{path}", b"")
    with pytest.raises(OSError), fs.open(f"{data}/{path}", "wb") as file:
        file.write(b"")
    with pytest.raises(OSError):
        fs.cat_file(f"{data}/{path}")
    assert version(fs, data) == before


@pytest.mark.parametrize(
    "name", ["..", "../../api", "./x/y", "x/../y", "/etc/passwd", "//host/x/y"]
)
def test_names_that_lead_elsewhere_are_not_found(
    ada: PluginPerson, name: str, front: Front
) -> None:
    fs = opened(ada, front.url)
    assert not fs.exists(name)
    assert all(each.path.startswith("/v1/directories") for each in front.asked)


def test_the_token_goes_to_the_exchange_only(ada: PluginPerson, data: str, front: Front) -> None:
    elsewhere = Front(ada.url)
    try:
        fs = opened(ada, front.url, attempts=1)
        with pytest.raises(OSError):
            fs.cat(f"nbcourier://{elsewhere.url.removeprefix('http://')}/x/y")
        front.rule = lambda asked: answer(302, b"", Location=f"{elsewhere.url}{asked.path}")
        with pytest.raises(OSError, match="redirects to"):
            fs.cat_file(f"{data}/weather.csv", 0, 5)
        with pytest.raises(OSError, match="redirects to"):
            fs.pipe_file(f"{data}/weather.csv", b"")
        assert not elsewhere.asked
    finally:
        elsewhere.stop()


def once(spoil: object, method: str) -> object:
    """Returns a rule that spoils the first request with this method."""
    left = iter([spoil])
    return lambda asked: next(left, None) if asked.method == method else None


def test_a_lost_reply_is_no_second_version(ada: PluginPerson, data: str, front: Front) -> None:
    fs = opened(ada, front.url)
    before = version(fs, data)
    front.rule = once(cut, "PUT")
    with fs.open(f"{data}/put", "wb") as file:
        file.write(b"once")
    front.rule = once(cut, "POST")
    fs.pipe(f"{data}/changes", b"once")
    assert version(fs, data) == before + 2


def test_a_damaged_reply_is_not_passed_on(ada: PluginPerson, data: str, front: Front) -> None:
    fs = opened(ada, front.url, attempts=1)
    file = {"Content_Type": "application/octet-stream", "ETag": '"0"'}
    front.rule = lambda asked: (
        from_exchange(200, b"x" * 21, **file) if "/files/" in asked.path else None
    )
    with pytest.raises(OSError, match="did not arrive as it was"):
        fs.cat_file(f"{data}/weather.csv")
    front.rule = lambda asked: (
        answer(200, b"<html>", Content_Type="text/html") if "/files/" in asked.path else None
    )
    with pytest.raises(OSError, match="exchange"):
        fs.cat_file(f"{data}/weather.csv", 0, 5)


def test_an_exchange_without_directories_is_named_as_the_reason(
    ada: PluginPerson, data: str, front: Front
) -> None:
    front.rule = without_v1
    with pytest.raises(OSError, match="older"):
        opened(ada, front.url, attempts=1).ls(data)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("algebra:data/weather.csv@17", "course:algebra/data@17/weather.csv"),
        ("course:algebra/data/weather.csv", "course:algebra/data/weather.csv"),
        ("nbcourier://algebra:data@17/a/b", "course:algebra/data@17/a/b"),
        ("algebra:", "course:algebra"),
        ("algebra:data/", "course:algebra/data"),
        ("ada/thesis/a b/c@3", "ada/thesis@3/a b/c"),
        ("service:grader/x/", "service:grader/x"),
        ("ada@example.org/thesis", "ada@example.org/thesis"),
        ("thesis@4", "thesis@4"),
        ("ada/x/report@3@", "ada/x/report@3@"),
        ("ada/x@3@/report", "ada/x@3@/report"),
        ("ada/x@2/report@3", "ada/x@2/report@3"),
        ("nbcourier://", ""),
    ],
)
def test_names_have_one_form(written: str, read: str) -> None:
    assert NbCourierFileSystem._strip_protocol(written) == read
    assert NbCourierFileSystem._strip_protocol(read) == read
