"""A class for the tests of pages: a course with four assignments, students, submissions and feedback."""

import io
import json
import tarfile
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

import requests

LIMIT_S = 30
ADMIN = "root"
TEACHER = "ira"
COURSE = "algebra"
# A name that would be a script if a page did not escape it.
HOSTILE = "<img src=x onerror=\"document.title='hit'\">"
STUDENTS = {
    "ada": ("Ada", "Lovelace"),
    "eb7": ("Émile", "Brontë"),
    "hana": ("Hana", "Çelik"),
    "noor": ("نور", "الهدى"),
    "x'\"<b>": (HOSTILE, "</td><script>document.title='hit'</script>"),
    "bob": (None, None),
}
# A list as Excel writes it in Germany. Three lines cannot be used.
GERMAN = """Benutzername;Nachname;Vorname;E-Mail;Gruppe
kpe1;Petrow;Jörg;kpe1@example.edu;A
mül2;Müller;Zoë;zoe@example.edu;A
ada;Lovelace;Ada;ada@new.example;B
;Niemand;Nora;;B
ira;Kim;Ira;ira@example.edu;B
zo3;Großmann;"Zoé ""Zo""; die Zweite";zo3@example.edu;C
hana;Çelik;Hana;;C
"""
FEEDBACK = b"""<!doctype html><title>feedback</title><h1>Well done</h1><img src="pic.svg">
<script>document.title = "hit"; parent.location = "https://evil.example/";</script>
<a href="javascript:document.title='hit'">x</a><form action="https://evil.example/"><button>b</button></form>"""

# Six formulas, of which the last two are none, and attempts to run something beside the script that draws them.
FORMULAS = rb"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>feedback</title></head><body>
<form name="katex" id="renderMathInElement"></form><img src="missing" onerror="document.title = 'hit'">
<script>document.title = "hit";</script><script src="/c/../static/page.js" nonce=""></script>
<p>$x^2$, \(y\), $$\frac{1}{2}$$ \begin{align} a &= \mathbb{R} \end{align}
$\href{javascript:document.title='hit'}{y}$ and $\undefined$</p><pre>price: $5 and $6</pre>
<a href="javascript:document.title='hit'">x</a><form action="https://evil.example/"><button>b</button></form>
</body></html>"""


def archive(files: dict[str, bytes]) -> bytes:
    """Returns an archive of the files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


class Lesson:
    """The course at a stand-alone server."""

    def __init__(self, url: str) -> None:
        self._url = url
        now = datetime.now(timezone.utc)
        self.call("POST", f"course/{COURSE}", ADMIN, {})
        people = [
            {
                "username": TEACHER,
                "role": "instructor",
                "first_name": "Ira",
                "last_name": "Kim",
            }
        ]
        for name, (first, last) in STUDENTS.items():
            people.append(
                {
                    "username": name,
                    "role": "student",
                    "first_name": first,
                    "last_name": last,
                }
            )
        self.call("PUT", f"v1/courses/{COURSE}/roster", ADMIN, {"people": people})
        files = {"problem1.ipynb": b"{}", "data/values.csv": b"a,b\n1,2\n" * 500}
        for name, hours in {"ps1": -240, "ps2": -1, "ps3": 1, "ps4": 150}.items():
            if name == "ps4":
                self.release(name, files | {"old.txt": b"1", "values.csv": b"1"})
            self.release(name, files)
            due = now + timedelta(hours=hours)
            dates = {
                "due_at": due.isoformat(),
                "cutoff_at": (due + timedelta(days=2)).isoformat(),
            }
            self.call(
                "PUT", f"v1/courses/{COURSE}/assignments/{name}/dates", TEACHER, dates
            )
        for name in ("ps1", "ps2", "ps3"):
            for student in ("ada", "eb7", "x'\"<b>"):
                number = self.submit(name, student, {"problem1.ipynb": b'{"a": 1}'})
                if name == "ps1":
                    given = {
                        "problem1.html": FEEDBACK,
                        "pic.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
                    }
                    self.feedback(number, given)
        self._share()
        self._share_pages()
        self._work()
        later = {"due_at": (now + timedelta(days=3)).isoformat()}
        address = f"v1/courses/{COURSE}/assignments/ps3/extensions/hana"
        self.call("PUT", address, TEACHER, later)

    def _work(self) -> None:
        """Counts the work of some students."""
        on = {"activity": True}
        self.call("PUT", f"v1/courses/{COURSE}/settings", TEACHER, on)
        for student in ("ada", "eb7", "x'\"<b>"):
            for path in ("algebra/ps1/problem1.ipynb", f"{HOSTILE}.ipynb"):
                work = {"course": COURSE, "path": path}
                items = [work | {"kind": kind} for kind in ("open", "save", "minutes")]
                self.call("POST", "v1/activity", student, {"items": items})

    def _share(self) -> None:
        """Makes directories of the course and of a student."""
        owner = f"course:{COURSE}"
        data = f"v1/directories/{owner}/data"
        about = {"description": "Rain, sun and wind, for the exercises"}
        self.call(
            "POST", "v1/directories", TEACHER, {"owner": owner, "name": "data"} | about
        )
        for path, content in {
            "week 1/rain.csv": b"1,2\n" * 300,
            "week 1/a name that is long enough to be broken on a narrow screen.ipynb": b"{}",
            quote(HOSTILE, safe=""): b"x",
            "page.html": FEEDBACK,
            "run.sh": b"true\n",
        }.items():
            self.store(f"{data}/files/{path}", TEACHER, content)
        label = {"label": "as taught on Monday"}
        self.call("PUT", f"{data}/versions/3/label", TEACHER, label)
        grants = [
            {"kind": "user", "name": "bob", "level": "write"},
            {"kind": "group", "name": "guests", "level": "read"},
            {"kind": "course", "name": COURSE, "role": "assistant", "level": "admin"},
            {"kind": "everybody", "level": "read"},
        ]
        self.call("PUT", f"{data}/grants", TEACHER, {"grants": grants})
        delivered = {"deliver": "data", "deliver_at_start": True}
        self.call("PATCH", data, TEACHER, delivered)
        for student, start in {
            "ada": {"outcome": "updated", "version": 5, "report": {"received": 5}},
            "eb7": {"outcome": "unchanged", "version": 4},
            "x'\"<b>": {
                "outcome": "failed",
                "report": {
                    "failures": [HOSTILE, "no space"],
                    "kept": [HOSTILE] * 30,
                    "log": FEEDBACK.decode(),
                    "cut": True,
                },
            },
        }.items():
            start |= {"millis": 840, "directory": "data"}
            self.call("POST", f"v1/courses/{COURSE}/starts", student, start)
        lecture = {"owner": owner, "name": "lecture"}
        self.call("POST", "v1/directories", TEACHER, lecture)
        repository = {"url": "https://git.example.invalid/a.git", "token": "secret"}
        self.call(
            "PUT",
            f"v1/courses/{COURSE}/directories/lecture/source",
            TEACHER,
            repository,
        )
        old = {"owner": owner, "name": "old"}
        self.call("POST", "v1/directories", TEACHER, old)
        self.call("DELETE", f"v1/directories/{owner}/old", TEACHER)
        self.call("POST", "v1/directories", "ada", {"name": "empty"})

    def _share_pages(self) -> None:
        """Shares pages by links, and revokes one."""
        settings = {"sharing": "course"}
        self.call("PUT", f"v1/courses/{COURSE}/settings", TEACHER, settings)
        self.link = self.share_page("ada", "<!doctype html><p>42", "plot " + "wide " * 20)
        self.share_page("x'\"<b>", "<p>42", HOSTILE)
        self.share_page("ada", "<p>42", "over")
        number = self.call("GET", "v1/shares", "ada")["shares"][0]["id"]
        self.call("DELETE", f"v1/shares/{number}", TEACHER)

    def share_page(self, user: str, page: str, title: str) -> str:
        """Shares a page in the course, and returns the path of its link."""
        reply = requests.post(
            f"{self._url}/v1/shares",
            params={"course": COURSE, "title": title, "user": user},
            files={
                "page": ("plot.html", page, "text/html"),
                "source": ("plot.ipynb", "{}"),
            },
            timeout=LIMIT_S,
        )
        assert reply.status_code == 201, reply.text
        return reply.json()["url"].split("/api/")[1]

    def store(self, path: str, user: str, content: bytes) -> None:
        """Stores a file of a directory."""
        reply = requests.put(
            f"{self._url}/{path}",
            params={"user": user},
            data=content,
            headers={"Content-Type": "application/octet-stream"},
            timeout=LIMIT_S,
        )
        assert reply.ok, (path, reply.status_code, reply.text)

    def call(self, method: str, path: str, user: str, body: object = None) -> dict:
        """Sends JSON, or an archive, and returns the reply."""
        is_bytes = isinstance(body, bytes)
        kind = "application/x-tar" if is_bytes else "application/json"
        reply = requests.request(
            method,
            f"{self._url}/{path}",
            params={"user": user},
            data=body if is_bytes else json.dumps(body),
            headers={"Content-Type": kind},
            timeout=LIMIT_S,
        )
        assert reply.ok, (method, path, reply.status_code, reply.text)
        return reply.json() if reply.content else {}

    def release(self, assignment: str, files: dict[str, bytes]) -> None:
        """Releases an assignment."""
        path = f"v1/courses/{COURSE}/assignments/{assignment}/tree"
        self.call("PUT", path, TEACHER, archive(files))

    def submit(self, assignment: str, student: str, files: dict[str, bytes]) -> int:
        """Submits, after the cut-off too, and returns the number of the submission."""
        path = f"v1/courses/{COURSE}/assignments/{assignment}/submissions?student={quote(student)}"
        return self.call("POST", path, TEACHER, archive(files))["receipt"]["id"]

    def feedback(self, number: int, files: dict[str, bytes]) -> None:
        """Gives feedback."""
        path = f"v1/courses/{COURSE}/submissions/{number}/feedback"
        self.call("POST", path, TEACHER, archive(files))

    def submissions(self, student: str) -> list[dict]:
        """Returns the submissions of a student."""
        path = f"v1/courses/{COURSE}/submissions?student={quote(student)}"
        return self.call("GET", path, TEACHER)["submissions"]
