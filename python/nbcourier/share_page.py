"""The page that `nbcourier share` shares: nbconvert's page, with formulas as MathML.

No script of a shared page runs, so MathJax cannot draw formulas. Browsers draw MathML themselves. latex2mathml makes
MathML from TeX, if it is installed (`nbcourier[share]`). Without it, formulas stay as TeX.
"""

from __future__ import annotations

import copy
import html as markup
import re
import sys
from typing import Any
from urllib.parse import quote

from bs4 import BeautifulSoup, NavigableString
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter

# A formula in the text of nbconvert's HTML: on a line of its own, within a line, or as an environment of LaTeX.
FORMULA = re.compile(
    r"\$\$(?P<block>.+?)\$\$|\$(?P<inline>.+?)\$|(?P<environment>\\begin\{(?P<name>[a-z]*\*?)\}.+?\\end\{(?P=name)\})",
    re.DOTALL,
)
# Elements whose text is not a formula.
OTHERS = frozenset({"code", "pre", "script", "style", "textarea", "math", "svg"})
TEX = "text/latex"
# A dollar that begins no formula. nbconvert would print it like any other dollar. The stand-in is a private-use
# character of Unicode.
ESCAPED, STAND_IN = "\\$", "\ue024"


def converter() -> Any:
    """Return the function of latex2mathml, or `None` if it is not installed."""
    try:
        from latex2mathml.converter import convert
    except ImportError:
        return None
    return convert


def with_formulas(html: str, convert: Any) -> str:
    """Return HTML with its formulas as MathML. A formula that cannot be converted stays."""
    soup = BeautifulSoup(html, features="html.parser")
    for text in soup.find_all(string=FORMULA):
        is_text = type(text) is NavigableString
        if not is_text or any(parent.name in OTHERS for parent in text.parents):
            continue
        drawn = drawn_text(str(text), convert)
        text.replace_with(BeautifulSoup(drawn, features="html.parser"))
    return str(soup)


def with_dollars(html: str) -> str:
    """Return HTML with the dollars that began no formula. In code, they stay as they were written."""
    # Addresses of links have it encoded.
    html = html.replace(quote(STAND_IN), "$")
    if STAND_IN not in html:
        return html
    soup = BeautifulSoup(html, features="html.parser")
    for text in soup.find_all(string=re.compile(STAND_IN)):
        is_code = any(parent.name in OTHERS for parent in text.parents)
        text.replace_with(type(text)(text.replace(STAND_IN, ESCAPED if is_code else "$")))
    return str(soup).replace(STAND_IN, "$")


def drawn_text(text: str, convert: Any) -> str:
    """Return plain text as HTML, with its formulas as MathML."""
    parts, end = [], 0
    for found in FORMULA.finditer(text):
        parts.append(markup.escape(text[end : found.start()], quote=False))
        parts.append(drawn(found, convert))
        end = found.end()
    parts.append(markup.escape(text[end:], quote=False))
    return "".join(parts)


def drawn(found: re.Match[str], convert: Any) -> str:
    """Return a formula as MathML, or as it is."""
    display = "inline" if found["inline"] else "block"
    tex = found["inline"] or found["block"] or found["environment"]
    try:
        return str(convert(tex.replace(STAND_IN, ESCAPED).strip(), display=display))
    except Exception:  # The errors of latex2mathml have no common class.
        return markup.escape(found[0], quote=False)


class SharedPage(HTMLExporter):
    """nbconvert's page, whose formulas need no script."""

    export_from_notebook = None

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Return Markdown as HTML."""
        html = super().markdown2html(context, source.replace(ESCAPED, STAND_IN))
        if FORMULA.search(html):
            convert = converter()
            if convert is None:
                self.say_once()
            else:
                html = with_formulas(html, convert)
        return with_dollars(html)

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> Any:
        """Return the page of a notebook."""
        return super().from_notebook_node(self.with_outputs(nb), resources, **kw)

    def with_outputs(self, nb: Any) -> Any:
        """Return the notebook, in which outputs of LaTeX are HTML as well."""
        convert = converter()
        nb = copy.deepcopy(nb)
        for cell in nb.cells:
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                if not isinstance(data.get(TEX), str) or "text/html" in data:
                    continue
                if convert is None:
                    self.say_once()
                    continue
                html = drawn_text(data[TEX], convert)
                if "<math" in html:
                    data["text/html"] = html
        return nb

    def say_once(self) -> None:
        """Tell the person that formulas stay as TeX."""
        if not getattr(self, "said", False):
            self.said = True
            print(
                "nbcourier: Formulas stay as TeX, since latex2mathml is not installed. Install it with "
                "pip install 'nbcourier[share]'",
                file=sys.stderr,
            )
