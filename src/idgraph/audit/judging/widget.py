"""The widget: two sides, what differs marked, and a verdict by click or key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final

import anywidget
import polars as pl
import traitlets as tr

from idgraph.audit.judging.questions import Asked
from idgraph.collapse.judgements import read_judgements
from idgraph.engines import engine_for

__all__ = ["Judging"]

_COLUMNS: Final = ("left_id", "right_id", "verdict", "by", "at", "why")


class Judging(anywidget.AnyWidget):
    """Questions to be answered in a notebook, as `graph.judge()` gives them: show it as the last line of a cell.

    A click on Same, Different or Unsure answers and goes on, and so do the keys `s`, `d` and `u`; arrows go back and
    forth; the same answer once more takes it back.

    Attributes:
        judgements: what was said so far.
    """

    _esm: ClassVar[Path] = Path(__file__).with_name("widget.js")
    _css: ClassVar[Path] = Path(__file__).with_name("widget.css")

    questions: tr.List[dict[str, Any]] = tr.List().tag(sync=True)
    records: tr.Dict[str, dict[str, Any]] = tr.Dict().tag(sync=True)
    place: tr.Int[int, int] = tr.Int(0).tag(sync=True)
    answers: tr.Dict[str, dict[str, str]] = tr.Dict().tag(sync=True)

    def __init__(self, asked: Asked, by: str | None) -> None:
        super().__init__(questions=asked.questions, records=asked.records)
        self._by = by

    @property
    def judgements(self) -> pl.DataFrame:
        """What was said so far: the frame `judgements`, as `resolve` and `with_judgements` take it."""
        said = [self.answers[place] for place in sorted(self.answers, key=int)]
        rows = [{**answer, "by": self._by} for answer in said]
        given = pl.DataFrame(rows, dict.fromkeys(_COLUMNS, pl.String))
        engine = engine_for()
        return engine.collect(read_judgements(given, engine))
