"""A whole net, counted: its rows, their sums, and the ways to show them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cs_cnn.account.conventions import Convention, convention
from cs_cnn.account.rows import Operation, Row, row_of
from cs_cnn.errors import CsCnnError

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped,import-not-found,unused-ignore]

Detail = Literal["all", "layers", "stages"]

_SHOWN = ("input", "conv", "affine", "pool", "other", "merge")
_SUMMED = (
    *("weights", "biases", "multiply_adds", "elementwise", "norm_weights", "norm_biases"),
    *("activations", "in_place"),
)


def _sum_of(group: Sequence[Operation], name: str) -> Operation:
    """Add the steps of a stage up; its output is that of its last step."""
    layers = [step for step in group if step.family in ("conv", "affine", "pool", "input", "not run")]
    lead = layers[0] if len(layers) == 1 else group[0]
    if not layers:  # such as a normalisation and what bends it, between the stages
        kind = ", ".join(dict.fromkeys(step.kind for step in group))
    elif len(layers) == 1 or len(group) == 1:
        kind = lead.kind
    else:
        kind = f"{len(layers)} layers"
    ran = [step for step in group if step.family != "not run"]
    # Flattening belongs to the stage that needs it, and to no stage's picture of its maps.
    last = ([step for step in ran if step.family != "shape"] or list(group))[-1]
    totals = {field: sum(getattr(step, field) for step in group) for field in _SUMMED}
    return Operation(name, kind, lead.family, last.shape, axes=last.axes, **totals)


@dataclass(frozen=True)
class Account:
    """What a net costs, step by step.

    Attributes
    ----------
    title : str
        Name of the net.
    steps : tuple of Operation
        Everything that happens, in order; the input first.
    convention : Convention
        By which rows and totals are counted.
    stages : tuple of str
        Names (or beginnings of names) of steps that belong together, for nets that name their stages.

    Examples
    --------
    >>> from cs_cnn.account import account, affine, conv, pool
    >>> print(account([conv(6, 5), "tanh", pool(2), affine(10)], (1, 28, 28)))
    name     kind           output  parameters  multiply-adds  memory  receptive field
    input    input     1 x 28 x 28           0              0     784  1 / 1 / 0
    conv1    conv 5x5  6 x 24 x 24         156         86,400   3,456  5 / 1 / 0
    pool1    max pool  6 x 12 x 12           0              0     864  6 / 2 / 0
    affine1  affine             10       8,650          8,640      10  28 / 2 / 0
    total                                8,806         95,040   5,114
    """

    title: str
    steps: tuple[Operation, ...]
    convention: Convention
    stages: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every step as a row, the input first."""
        return tuple(row_of(step, self.convention) for step in self.steps)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, name: str) -> Row:
        for step in self.steps:
            if step.name == name:
                return row_of(step, self.convention)
        raise KeyError(f"{self.title} has no row {name!r}; it has {', '.join(s.name for s in self.steps)}")

    @property
    def total(self) -> Row:
        """The sums of the columns; its shape and receptive field are those of the net's output."""
        rows, last = self.rows, row_of(_sum_of(self.steps, "total"), self.convention)
        sums = {
            field: sum(getattr(row, field) for row in rows)
            for field in (
                *("weights", "biases", "parameters", "multiply_adds", "operations", "activations", "memory"),
            )
        }
        return dataclasses.replace(last, kind="", **sums)

    @property
    def parameters(self) -> int:
        """All parameters that the convention counts."""
        return self.total.parameters

    @property
    def multiply_adds(self) -> int:
        """All multiply-adds for one example."""
        return self.total.multiply_adds

    def under(self, rules: str | Convention, **changed: Any) -> Account:
        """Count the same net under another convention.

        Parameters
        ----------
        rules : str or Convention
            See `cs_cnn.account.convention`.
        **changed
            Single rules that differ.

        Returns
        -------
        Account

        Raises
        ------
        CsCnnError
            When there is no such convention or rule.
        """
        return dataclasses.replace(self, convention=convention(rules, **changed))

    def detail(self, which: Detail) -> Account:
        """Show more or fewer rows; the totals stay the same.

        Parameters
        ----------
        which : {"all", "layers", "stages"}
            Every step; the layers as tables in papers have them, which are convolutions, affine layers, pools,
            sums and concatenations of paths, and whatever else has parameters, work or memory under the convention;
            or one row for each stage of the net.

        Returns
        -------
        Account

        Raises
        ------
        CsCnnError
            When `which` is none of these.
        """
        if which == "all":
            return self
        if which == "stages":
            return dataclasses.replace(self, steps=tuple(self._by_stage()))
        if which != "layers":
            raise CsCnnError(f"which must be 'all', 'layers' or 'stages', got {which!r}.")
        shown = []
        for step in self.steps:
            row = row_of(step, self.convention)
            if step.family in _SHOWN or row.parameters or row.operations or row.activations:
                shown.append(step)
        return dataclasses.replace(self, steps=tuple(shown))

    def _stage_of(self, name: str) -> str | None:
        if self.stages:
            fitting = [stage for stage in self.stages if name == stage or name.startswith(f"{stage}.")]
            return max(fitting, key=len, default=None)
        return name.split(".")[0] if "." in name else None

    def _by_stage(self) -> Iterator[Operation]:
        group: list[Operation] = []
        current: str | None = None
        for step in self.steps:
            stage = self._stage_of(step.name)
            if (
                stage is None
                and step.family in ("activation", "shape", "norm", "merge")
                and current != "input"
            ):
                stage = current  # what the net does between two stages belongs to the one before
            stage = stage or step.name
            if stage != current and group:
                yield _sum_of(group, str(current))
                group = []
            group.append(step)
            current = stage
        if group:
            yield _sum_of(group, str(current))

    def __str__(self) -> str:
        return self.detail("layers").text(note=False)

    def text(self, *, note: bool = True) -> str:
        """Return the table as aligned text.

        Parameters
        ----------
        note : bool
            Whether the rules of the convention stand below it.

        Returns
        -------
        str
        """
        from cs_cnn.account.shown.tables import text

        return text(self, note=note)

    def markdown(self, *, note: bool = True) -> str:
        """Return the table in Markdown, see `text`."""
        from cs_cnn.account.shown.tables import markdown

        return markdown(self, note=note)

    def latex(self, *, note: bool = True) -> str:
        """Return the table in LaTeX, for the package booktabs, see `text`."""
        from cs_cnn.account.shown.tables import latex

        return latex(self, note=note)

    def frame(self) -> pandas.DataFrame:
        """Return the rows as a pandas frame.

        Returns
        -------
        pandas.DataFrame
            One column for each attribute of `Row`.

        Raises
        ------
        CsCnnError
            When pandas is not installed.
        """
        from cs_cnn.account.shown.tables import frame

        return frame(self)

    def svg(self, path: str | Path | None = None) -> str:
        """Draw the net: a block for each layer, as wide as it has channels and as high as its maps.

        Parameters
        ----------
        path : path-like, optional
            Where the picture is written, too.

        Returns
        -------
        str
            An SVG image with a title and a description for those who do not see it.
        """
        from cs_cnn.account.shown.picture import draw

        picture = draw(self)
        if path is not None:
            from cs_cnn.files import atomic_write

            with atomic_write(path) as file:
                file.write(picture)
        return picture
