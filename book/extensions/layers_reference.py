"""The directive ``{layer-reference}``: every layer of the registry, beside its twin in PyTorch.

For each layer: the source of the formula, forward and backward with their docstrings, and, side by side, the code of
the NumPy forward and of the twin. Nothing is listed by hand, so a new layer is on the page at the next build.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

LAYER = """\
(layer-{name})=

## {title}

{source}

```{{eval-rst}}
.. autofunction:: {forward}
.. autofunction:: {backward}
{plain}```

:::::{{grid}} 1 1 1 2
:gutter: 2
:class-container: twins

::::{{grid-item}}
**NumPy, forward**

```{{code-block}} python
{numpy_code}
```
::::

::::{{grid-item}}
**PyTorch, the twin**

```{{code-block}} python
{torch_code}
```
::::
:::::

"""


def public_name(function: Callable[..., Any]) -> str:
    """Return the dotted name by which readers import a layer's function."""
    return f"cs_cnn.layers.{function.__name__}"


def code(function: Callable[..., Any]) -> str:
    """Return a function's source without its docstring and annotations, which stand above on the page."""
    source = inspect.getsource(function)
    statements = ast.parse(source).body[0].body  # type: ignore[attr-defined]
    has_docstring = ast.get_docstring(ast.parse(source).body[0]) is not None  # type: ignore[arg-type]
    start = statements[0].end_lineno if has_docstring else statements[0].lineno - 1
    signature = inspect.signature(function)
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    plain = signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)
    return "\n".join([f"def {function.__name__}{plain}:", *source.rstrip().splitlines()[start:]])


class LayerReference(SphinxDirective):
    """Write the reference of all layers in MyST and parse it in place."""

    def run(self) -> list[nodes.Node]:
        """Return the sections of all layers."""
        from cs_cnn.layers import registry

        text = ""
        for layer in registry.layers().values():
            for function in (layer.forward, layer.backward, layer.twin):
                self.env.note_dependency(inspect.getsourcefile(function) or "")
            plain = f".. autofunction:: {public_name(layer.plain)}\n" if layer.plain else ""
            text += LAYER.format(
                name=layer.name.replace("_", "-"),
                title=layer.name,
                source=f"Source: {layer.source}." if layer.source else "",
                forward=public_name(layer.forward),
                backward=public_name(layer.backward),
                plain=plain,
                numpy_code=code(layer.forward),
                torch_code=code(layer.twin),
            )
        holder = nodes.section()
        holder.document = self.state.document
        lines = StringList(text.splitlines(), source=self.env.doc2path(self.env.docname))
        self.state.nested_parse(lines, 0, holder, match_titles=True)
        return holder.children


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_directive("layer-reference", LayerReference)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
