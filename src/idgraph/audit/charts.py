"""Charts: what is worth looking at, drawn with Altair; values are masked.

They have no ground of their own, so that they suit a dark notebook as well as a light one, and colours that the
colour-blind tell apart (Okabe and Ito, "Color Universal Design", 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

import altair as alt
import narwhals.stable.v2 as nw
import polars as pl
from altair.typing import ChartType as AnyChart

from idgraph.audit import overview
from idgraph.audit.drawing import ELSEWHERE, VALUE, drawing
from idgraph.audit.inside import inside, rows_of
from idgraph.audit.ribbons import ribbons
from idgraph.entities.describe import ENTITY_FRAMES
from idgraph.errors import NotFoundError, mask_id, mask_text
from idgraph.pql.merged import STATES
from idgraph.pql.spoken import many
from idgraph.schema import ACCOUNT_KINDS, PERSON_KINDS

if TYPE_CHECKING:
    from idgraph.audit.compared import Compared
    from idgraph.audit.explanation import Explanation
    from idgraph.engines import Engine
    from idgraph.pql.board import Board

__all__ = ["Charts"]

_GREY: Final = "#767676"  # 4.5 to 1 on white and on black
_BLUE, _VERMILION, _ORANGE = "#0072b2", "#d55e00", "#e69f00"
_COLOURS: Final = ("#56b4e9", _BLUE, "#b79f00", _ORANGE, "#cc79a7", "#009e73", _VERMILION, "#8c6bb1")
_KINDS: Final = dict(zip((*PERSON_KINDS, *ACCOUNT_KINDS), _COLOURS, strict=True)) | {VALUE: _GREY, ELSEWHERE: "#a0a0a0"}
_SHAPES: Final = ("circle", "square", "diamond", "triangle-up", "triangle-down", "circle", "square", "diamond")
_ENDS: Final = {"joined": _BLUE, "alone": _ORANGE, "one": _BLUE, "several": "#cc79a7", "none": _ORANGE}
_DASHES: Final = {"used": [1, 0], "cut": [6, 3], "review": [2, 3]}
_STATES: Final = dict(zip(STATES, ("#009e73", _ORANGE, _BLUE, _GREY, _VERMILION, "#56b4e9"), strict=True))
_LISTED: Final = 40  # leads of a board
_WIDTH: Final = 560
_STEP: Final = 22  # pixels of a bar
_PANEL: Final = 110  # pixels of one of several below each other
_PICTURE: Final = 520
_NAMED: Final = 16  # nodes of a picture whose names do not yet lie over each other
_TEXT: Final = {"labelColor": _GREY, "titleColor": _GREY}
_STYLE: Final = {
    "background": "transparent",
    "axis": {**_TEXT, "gridColor": _GREY, "gridOpacity": 0.25, "domainColor": _GREY, "tickColor": _GREY},
    "legend": {**_TEXT, "symbolLimit": 50},
    "title": {"color": _GREY, "anchor": "start"},
    "header": _TEXT,
    "view": {"stroke": None},
}


class Charts:
    """The charts of one graph: `graph.chart.sizes()` and so on. Each is an Altair chart, to show, change or save.

    Args:
        frames: all frames of the graph.
        engine: what runs it.
        explain: gives the explanation of two record ids.
        thresholds: gives what becomes of a level by threshold, given a truth or None.
    """

    def __init__(
        self,
        frames: Mapping[str, nw.LazyFrame],
        engine: Engine,
        explain: Callable[[str, str], Explanation],
        thresholds: Callable[[Any, str], pl.DataFrame],
    ) -> None:
        self._frames = frames
        self._engine = engine
        self._explain = explain
        self._thresholds = thresholds

    def weights(self, left_id: str, right_id: str) -> AnyChart:
        """Draw the path of evidence between two records: a bar a step, as long as its weight, the weakest marked.

        Raises:
            NotFoundError: a record is not there, or no path joins the two.
        """
        told = self._explain(left_id, right_id)
        if not told.steps:
            raise NotFoundError(
                f"no evidence joins {mask_id(left_id)} and {mask_id(right_id)}; graph.explain says why not"
            )
        rows = [
            {
                "step": f"{number}. {f'{step.type} {step.shown}'.strip()}",
                "weight": step.weight,
                "mark": "weakest" if step is told.weakest else "other",
                "left": mask_id(step.left_id),
                "right": mask_id(step.right_id),
            }
            for number, step in enumerate(told.steps, 1)
        ]
        title = f"{mask_id(left_id)} and {mask_id(right_id)}"
        bars = _bars(pl.DataFrame(rows), "step", "weight", "weight (log2 odds)", title, sort=None)
        return _styled(bars.encode(_colour("mark", {"weakest": _ORANGE, "other": _BLUE})))

    def waterfall(self, left_id: str, right_id: str) -> AnyChart:
        """Draw what each comparison by likeness adds to the weight of two records, or takes from it, and the sum.

        Of two who are one it is the weakest step by likeness on their path.

        Raises:
            NotFoundError: a record is not there, or likeness compared nothing.
        """
        told = self._explain(left_id, right_id)
        by_likeness = sorted((step for step in told.steps if step.parts), key=lambda step: step.weight)
        parts = by_likeness[0].parts if by_likeness else told.parts
        if not parts:
            raise NotFoundError(f"likeness did not compare {mask_id(left_id)} and {mask_id(right_id)}")
        rows = pl.DataFrame(_falls(parts))
        base = _bars(
            rows, "field", "start", "weight (log2 odds)", f"{mask_id(left_id)} and {mask_id(right_id)}", sort=None
        )
        colours = {"for": _BLUE, "against": _VERMILION, "together": _GREY}
        bars = base.encode(alt.X2("end:Q"), _colour("says", colours))
        ends = pl.max_horizontal("start", "end").alias("most")
        texts = base.mark_text(align="left", dx=4, color=_GREY).encode(
            alt.X("most:Q"), alt.Text("weight:Q", format="+.1f")
        )
        return _styled(alt.layer(bars, texts.properties(data=rows.with_columns(ends))))

    def sizes(self, level: str = "person") -> AnyChart:
        """Draw how many profiles (`person`) or accounts (`account`) have how many records; a logarithmic scale."""
        counted = overview.sizes(self._frames, self._engine).filter(level=level)
        one = pl.col("least") == pl.col("most")
        band = pl.when(one).then(pl.format("{}", "most")).otherwise(pl.format("{} to {}", "least", "most"))
        rows = counted.with_columns(band=band)
        bars = alt.Chart(
            rows, title=f"{ENTITY_FRAMES[level].capitalize()} by number of records", width=_WIDTH, height=240
        ).mark_bar(color=_BLUE)
        x = alt.X("band:N", sort=None, title="records", axis=alt.Axis(labelAngle=0))
        y = alt.Y("entities:Q", title="entities", scale=alt.Scale(type="symlog"))
        return _styled(bars.encode(x, y, tooltip=["band:N", "entities:Q"]))

    def suppressed(self) -> AnyChart:
        """Draw which values were refused and why: how many records hold them, by reason and type."""
        rows = overview.refused(self._frames, self._engine)
        bars = _bars(rows, "reason", "records", "records that hold such a value", "Values that may not link", sort="-x")
        return _styled(bars.encode(alt.Color("type:N", scale=alt.Scale(range=list(_COLOURS)))))

    def changes(self) -> AnyChart:
        """Draw what became of the profiles, tenants and accounts of the run before; empty where there was none."""
        rows = overview.changed(self._frames, self._engine)
        bars = _bars(rows, "change", "entities", "entities", "Changes since the run before", sort="-x")
        return _styled(bars.encode(alt.Color("level:N", scale=alt.Scale(range=[_BLUE, _ORANGE, "#009e73"]))))

    def flow(self) -> AnyChart:
        """Draw the way of people's records from their source into profiles, and on to accounts."""
        areas, names = ribbons(overview.flow(self._frames, self._engine))
        base = alt.Chart(areas)
        bands = base.mark_area(opacity=0.6).encode(
            _x(),
            alt.Y("low:Q", axis=None),
            alt.Y2("high:Q"),
            alt.Detail("ribbon:N"),
            _colour("to", _ENDS).legend(None),
            tooltip=["from:N", "to:N", "records:Q"],
        )
        texts = {
            "first": alt.Chart(names).mark_text(color=_GREY, align="right", dx=-6),
            "middle": alt.Chart(names).mark_text(color=_GREY, align="center", dy=-8),
            "last": alt.Chart(names).mark_text(color=_GREY, align="left", dx=6),
        }
        placed = [
            text.transform_filter(alt.datum.side == side).encode(_x(), alt.Y("y:Q"), alt.Text("name:N"))
            for side, text in texts.items()
        ]
        title = "From records to profiles to accounts"
        return _styled(alt.layer(bands, *placed, title=title, width=_WIDTH + 160, height=420))

    def entity(self, id: str) -> AnyChart:
        """Draw an entity: its records by kind, what joins them as thick as its weight; cut and waiting links dashed.

        One of too many records to draw each is summarised by source and rule.

        Args:
            id: an entity id, or the id of one of its records.

        Raises:
            NotFoundError: there is no such entity.
        """
        picture = drawing(*self._evidence(id))
        how = ", summarised by source and rule" if picture.summarised else ""
        x, y = _x(padding=30), alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False, padding=30))
        lines = (
            alt.Chart(picture.edges)
            .mark_rule(color=_GREY, opacity=0.7)
            .encode(
                x,
                y,
                alt.X2("x2:Q"),
                alt.Y2("y2:Q"),
                alt.StrokeWidth(
                    "weight:Q", scale=alt.Scale(domain=[0, 20], range=[0.8, 5], clamp=True), title="weight"
                ),
                alt.StrokeDash("state:N", scale=alt.Scale(domain=list(_DASHES), range=list(_DASHES.values()))),
                tooltip=["rule:N", "state:N", "weight:Q", "about:N"],
            )
        )
        kinds = [kind for kind in _KINDS if kind in set(picture.nodes["kind"])]
        shapes = dict(zip(_KINDS, (*_SHAPES, "cross", "triangle-right"), strict=True))
        nodes = alt.Chart(picture.nodes).encode(x, y, tooltip=["kind:N", "label:N", "about:N"])
        points = nodes.mark_point(filled=True, size=160, opacity=1).encode(
            _colour("kind", {kind: _KINDS[kind] for kind in kinds}),
            alt.Shape("kind:N", scale=alt.Scale(domain=kinds, range=[shapes[kind] for kind in kinds])),
        )
        named = picture.nodes if picture.nodes.height <= _NAMED else picture.nodes.filter(kind=VALUE)
        texts = nodes.mark_text(dy=-13, fontSize=10, color=_GREY).encode(alt.Text("label:N")).properties(data=named)
        title = f"{id if '@' not in id else mask_id(id)}: {many(picture.records, 'record')}{how}"
        return _styled(alt.layer(lines, points, texts, title=title, width=_PICTURE + 120, height=_PICTURE))

    def thresholds(self, truth: Any = None, level: str = "person") -> AnyChart:  # noqa: ANN401 - of any library
        """Draw what becomes of whole entities as links by likeness have to be likelier; the graph's own marked.

        Args:
            truth: record_id, entity_id: then precision, recall and F1 too, of pairs and B-cubed.
            level: person or account.

        Raises:
            ConfigError: see `idgraph.graph.Graph.thresholds`.
        """
        rows = self._thresholds(truth, level).filter(pl.col("probability") < 1)
        odds = (pl.col("probability") / (1 - pl.col("probability"))).log(2)
        rows = rows.with_columns(odds=odds, said=pl.col("probability").round(4).cast(pl.String))
        name = ENTITY_FRAMES[level]
        panels = [
            _curves(rows, {"joined": f"{name} of several records"}, (_BLUE,)),
            _curves(rows, {"largest": "records of the largest"}, (_VERMILION,)),
        ]
        if truth is not None:
            for what, prefix in (("of pairs", ""), ("B-cubed", "bcubed_")):
                scores = {"precision": "precision", "recall": "recall", "f1": "F1"}
                measures = {f"{prefix}{score}": f"{word} {what}" for score, word in scores.items()}
                panels.append(_curves(rows, measures, (_BLUE, _ORANGE, _GREY)))
        title = f"{name.capitalize()} by how likely a link has to be"
        return _styled(
            alt.vconcat(*panels, title=title).resolve_scale(color="independent", strokeDash="independent", x="shared")
        )

    def board(self, board: Board) -> AnyChart:
        """Draw the first of a board of leads: score by who it is, coloured by state; the reasons as a tooltip.

        Args:
            board: what `idgraph.pql.board.board` gave.
        """
        rows = board.rows.head(_LISTED).select(
            pl.format("{}. {}", pl.int_range(1, pl.len() + 1), pl.coalesce("name", "entity_id")).alias("who"),
            *("state", "score", "potential", "readiness"),
            pl.col("reasons").list.join("; ").alias("why"),
        )
        masked = pl.col("who", "why").map_elements(mask_text, return_dtype=pl.String)
        counted = ", ".join(f"{number} {state}" for state, number in board.states.items() if number)
        title = f"Leads by score, the first {len(rows)}: {counted}" if len(board.rows) > len(rows) else counted
        bars = _bars(rows.with_columns(masked), "who", "score", "score (potential × readiness)", title, sort=None)
        return _styled(bars.encode(_colour("state", {state: _STATES[state] for state in STATES})))

    def funnel(self, funnel: pl.DataFrame) -> AnyChart:
        """Draw how far those got who entered together: a panel for each period; pale, where some still have time.

        Args:
            funnel: what `idgraph.pql.funnels.funnel` gave.
        """
        rows = funnel.with_columns(
            pl.col("period").dt.strftime("from %Y-%m-%d"), wait=pl.col("median_wait").dt.to_string("polars")
        )
        rows = rows.drop("median_wait").with_columns(
            said=pl.format("{} %", (pl.col("share") * 100).round(0).cast(pl.Int64))
        )
        pale = alt.when(alt.datum.mature).then(alt.value(1.0)).otherwise(alt.value(0.45))
        y = alt.Y("stage:N", sort=None, title=None)
        drawn = alt.Chart(rows, width=_WIDTH, height=alt.Step(_STEP)).encode(y)
        x = alt.X("reached:Q", title="how many came so far", axis=alt.Axis(tickMinStep=1))
        bars = drawn.mark_bar(color=_BLUE).encode(x, opacity=pale, tooltip=list(rows.columns))
        shares = drawn.mark_text(align="left", dx=4, color=_GREY).encode(x, alt.Text("said:N"))
        return _styled(alt.layer(bars, shares).facet(row=alt.Row("period:N", title=None)))

    def _evidence(self, id: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """The records, identifiers and links of an entity, links to others too."""
        ids = inside(self._frames, id, self._engine.collect)["record_id"].to_list()

        def of(name: str, column: str) -> pl.DataFrame:
            return rows_of(self._frames, name, column, ids, self._engine.collect)

        records = of("records", "record_id").select("record_id", pl.col("source", "kind").cast(pl.String))
        elsewhere = of("links", "right_id").filter(~pl.col("left_id").is_in(ids))
        return records, of("identifiers", "record_id"), pl.concat([of("links", "left_id"), elsewhere])


def _falls(parts: tuple[Compared, ...] | list[Compared]) -> list[dict[str, Any]]:
    """Each part from where the one before it ended, and all of them together."""
    ends = list(accumulate(part.weight for part in parts))
    rows: list[dict[str, Any]] = [
        {
            "field": f"{part.field}: {part.level}",
            "says": "for" if part.weight >= 0 else "against",
            "weight": part.weight,
            "start": end - part.weight,
            "end": end,
            "compared": part.shown,
        }
        for part, end in zip(parts, ends, strict=True)
    ]
    total = {"field": "together", "says": "together", "weight": ends[-1], "start": 0.0, "end": ends[-1], "compared": ""}
    return [*rows, total]


def _bars(rows: pl.DataFrame, name: str, number: str, what: str, title: str, *, sort: str | None) -> alt.Chart:
    """Lying bars, a row each, with all columns as a tooltip."""
    axis = alt.Axis(labelLimit=320, title=None)
    chart = alt.Chart(rows, title=title, width=_WIDTH, height=alt.Step(_STEP)).mark_bar()
    x, y = alt.X(f"{number}:Q", title=what), alt.Y(f"{name}:N", sort=sort, axis=axis)
    bars: alt.Chart = chart.encode(x, y, tooltip=list(rows.columns))
    return bars


def _curves(rows: pl.DataFrame, measures: Mapping[str, str], colours: tuple[str, ...]) -> AnyChart:
    """Lines over thresholds in log2 odds, each told by its dash as well as its colour."""
    told = rows.rename(measures).unpivot(
        list(measures.values()), index=["odds", "said", "own"], variable_name="measure", value_name="value"
    )
    scale = alt.Scale(domain=list(measures.values()), range=list(colours))
    dashes = alt.Scale(domain=list(measures.values()), range=[[1, 0], [6, 3], [2, 3]][: len(measures)])
    legend = alt.Legend(labelLimit=240)
    lines = (
        alt.Chart(told, width=_WIDTH, height=_PANEL)
        .mark_line(point=True)
        .encode(
            alt.X("odds:Q", title="a link takes (log2 odds)"),
            alt.Y("value:Q", title=None, scale=alt.Scale(zero=False)),
            alt.Color("measure:N", scale=scale, title=None, legend=legend),
            alt.StrokeDash("measure:N", scale=dashes, title=None, legend=legend),
            tooltip=["measure:N", alt.Tooltip("said:N", title="probability"), "value:Q"],
        )
    )
    own = alt.Chart(rows.filter("own").unique("odds")).mark_rule(color=_GREY, strokeDash=[4, 4]).encode(alt.X("odds:Q"))
    curves: AnyChart = alt.layer(own, lines)
    return curves


def _x(padding: int = 0) -> alt.X:
    """Places from left to right that mean nothing."""
    return alt.X("x:Q", axis=None, scale=alt.Scale(zero=False, padding=padding))


def _colour(field: str, colours: Mapping[str, str]) -> alt.Color:
    scale = alt.Scale(domain=list(colours), range=list(colours.values()))
    return alt.Color(f"{field}:N", scale=scale, title=None)


def _styled(chart: AnyChart) -> AnyChart:
    """Texts and lines that can be read on light and on dark."""
    styled: AnyChart = chart.properties(config=_STYLE)
    return styled
