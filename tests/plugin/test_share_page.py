"""The page of `nbcourier share`: nbconvert's, with formulas that need no script, and notebooks that it cannot show."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from urllib.parse import urljoin

import pytest
import requests
from course import Course
from nbconvert.exporters.exporter import Exporter
from nbcourier import share_page
from nbformat import NotebookNode
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
    writes,
)
from people import Outcome, Person

LIMIT_S = 30
HOSTILE_SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>hit()</script><rect/></svg>'


def convert(tex: str, display: str) -> str:
    """Stands for latex2mathml, which the tests' environment does not have."""
    if "nonsense" in tex:
        raise ValueError(tex)
    tex = tex.replace("&", "&amp;").replace("<", "&lt;")
    return f'<math display="{display}"><mtext>{tex}</mtext></math>'


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Installs the stand-in, or nothing."""

    def install(there: bool) -> None:
        module = ModuleType("latex2mathml.converter")
        module.convert = convert
        monkeypatch.setitem(sys.modules, "latex2mathml", ModuleType("latex2mathml"))
        found = module if there else None
        monkeypatch.setitem(sys.modules, "latex2mathml.converter", found)

    return install


def page(*cells: NotebookNode) -> str:
    """Returns the body of the page of a notebook with these cells."""
    html, _ = share_page.SharedPage().from_notebook_node(new_notebook(cells=[*cells]))
    return html[html.index("<body") :]


def of_markdown(text: str) -> str:
    return page(new_markdown_cell(text))


def test_formulas_are_drawn_without_a_script(draws: Callable[[bool], None]) -> None:
    draws(True)
    html = of_markdown("See $a < b$ and\n\n$$c$$\n\n\\begin{align}d\\end{align}\n")
    assert '<math display="inline"><mtext>a &lt; b</mtext></math>' in html
    assert '<math display="block"><mtext>c</mtext></math>' in html
    assert '<math display="block"><mtext>\\begin{align}d\\end{align}' in html


def test_only_formulas_are_drawn(draws: Callable[[bool], None]) -> None:
    draws(True)
    written = "Between 5\\$ and 7\\$, `a\\$ $b$`\n\n```sh\necho \\$HOME $PATH $\n```\n"
    html = of_markdown(written)
    assert "<math" not in html
    assert "Between 5$ and 7$, " in html
    assert "a\\$ $b$" in html
    code = share_page.BeautifulSoup(html, "html.parser").find("pre").get_text()
    assert code.strip() == "echo \\$HOME $PATH $"
    assert "$nonsense$" in of_markdown("$nonsense$ and $x$")
    html = of_markdown("[here](https://example.org/\\$a) costs $x\\$$ ")
    assert 'href="https://example.org/$a"' in html
    assert "<mtext>x\\$</mtext>" in html


def test_outputs_of_latex_are_drawn(draws: Callable[[bool], None]) -> None:
    draws(True)
    data = {"text/latex": "$\\sqrt{2}$", "text/plain": "plain"}
    html = page(new_code_cell("x", outputs=[new_output("display_data", data=data)]))
    assert "<mtext>\\sqrt{2}</mtext>" in html and "plain" not in html


@pytest.mark.parametrize("kind", ["text", "output"])
def test_formulas_that_stay_are_told_once(
    draws: Callable[[bool], None], capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    draws(False)
    if kind == "text":
        html = page(*[new_markdown_cell("5\\$ for $x$") for _ in range(3)])
        assert "5$ for $x$" in html
    else:
        data = {"text/latex": "$x$", "text/plain": "plain"}
        output = new_output("display_data", data=data)
        assert "$x$" in page(new_code_cell("x", outputs=[output, output]))
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "nbcourier[share]" in told
    of_markdown("no formula, 5\\$")
    assert capsys.readouterr().err == ""


def test_nbconvert_knows_the_page_by_its_name() -> None:
    assert issubclass(share_page.SharedPage, Exporter)


class Sharing:
    """A student who runs the command in a course that allows it."""

    def __init__(self, course: Course, binary: Path) -> None:
        settings = f"v1/courses/{course.name}/settings"
        course.instructor.put_json(settings, {"sharing": "course"})
        self.course, self.maker, self.reader = course, course.first, course.second
        self._binary = str(binary)

    def share(self, name: str, content: str | bytes, *options: str) -> Outcome:
        """Writes a file and shares it."""
        content = content.encode() if isinstance(content, str) else content
        (self.maker.home / name).write_bytes(content)
        command = [self._binary, "share", "--course", self.course.name, "--", name]
        command[2:2] = ["--url", self.course.url, *options]
        return Person.attempt(self.maker, *command)

    def refused(self, name: str, content: str | bytes) -> str:
        """Returns the sentence about a file that cannot be shared."""
        outcome = self.share(name, content)
        assert outcome.code != 0 and not outcome.stdout, str(outcome)
        assert "Traceback" not in outcome.stderr and "  File" not in outcome.stderr
        return outcome.stderr

    def get(self, address: str) -> requests.Response:
        """Returns what another student gets."""
        token = {"Authorization": f"token {self.reader.token}"}
        reply = requests.get(address, headers=token, timeout=LIMIT_S)
        assert reply.ok, (reply.status_code, reply.text)
        return reply


@pytest.fixture
def sharing(course: Course, binary: Path) -> Sharing:
    return Sharing(course, binary)


def test_a_notebook_is_shared_with_its_outputs_and_nothing_runs(sharing: Sharing) -> None:
    ran = sharing.maker.home / "ran"
    drawn = new_output("display_data", data={"image/svg+xml": HOSTILE_SVG})
    printed = new_output("stream", text="forty-two")
    failed = new_output("error", ename="Odd", evalue="it is", traceback=["Odd: it is"])
    outputs = [printed, drawn, failed]
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Title\n\n<script>hit()</script>\n\n$x$ for 5\\$"),
            new_code_cell(f"open({str(ran)!r}, 'w')", outputs=outputs),
        ]
    )
    name = "plot *[1].ipynb"
    outcome = sharing.share(name, writes(notebook), "--with-notebook")
    assert outcome.code == 0, str(outcome)
    assert not ran.exists()
    assert "nbcourier[share]" in outcome.stderr and "30 days" in outcome.stderr
    frame = sharing.get(outcome.stdout.strip())
    assert "plot *[1]" in frame.text
    source = frame.url + "/source"
    assert json.loads(sharing.get(source).text)["nbformat"] == 4
    (address,) = re.findall(r'<iframe[^>]* src="([^"]+)"', frame.text)
    shown = requests.get(urljoin(frame.url, address), timeout=LIMIT_S)
    for part in ("forty-two", "data:image/svg+xml;", "Odd: it is", "$x$ for 5$"):
        assert part in shown.text, part
    assert shown.headers["Content-Security-Policy"].startswith("sandbox; default-src")


def test_templates_beside_a_notebook_do_not_run(sharing: Sharing) -> None:
    ran = sharing.maker.home / "ran"
    beside = sharing.maker.home / "lab"
    beside.mkdir()
    code = f"cycler.__init__.__globals__.os.mkdir({str(ran)!r})"
    (beside / "index.html.j2").write_text("<p>{{ " + code + " }}")
    notebook = new_notebook(cells=[new_markdown_cell("forty-two")])
    outcome = sharing.share("plot.ipynb", writes(notebook))
    assert outcome.code == 0, str(outcome)
    assert not ran.exists()
    frame = sharing.get(outcome.stdout.strip())
    (address,) = re.findall(r'<iframe[^>]* src="([^"]+)"', frame.text)
    assert "forty-two" in requests.get(urljoin(frame.url, address), timeout=LIMIT_S).text


def test_what_is_no_notebook_is_refused_by_a_sentence(sharing: Sharing) -> None:
    for content in ("", '{"cells": [', "[4]", b"\xff\xfe\0", "{}"):
        said = sharing.refused("a.ipynb", content)
        assert "a.ipynb is not a notebook: " in said and "try again" in said
    assert "Name a notebook" in sharing.refused("a.txt", "{}")
    assert "cannot be read" in Person.attempt(
        sharing.maker, str(sharing._binary), "share", "absent.ipynb"
    ).stderr
    # nbconvert knows what is wrong with these.
    for content, says in {
        '{"nbformat": 9, "metadata": {}, "cells": []}': "version 9",
        '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}': "",
    }.items():
        said = sharing.refused("a.ipynb", content)
        assert "nbconvert made no page of a.ipynb. It says: " in said and says in said


def test_without_nbconvert_the_person_learns_how_to_get_it(sharing: Sharing) -> None:
    sharing.maker.env["PATH"] = "/nowhere"
    said = sharing.refused("a.ipynb", writes(new_notebook()))
    assert "pip install nbconvert" in said
