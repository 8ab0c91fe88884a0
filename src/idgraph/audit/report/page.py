"""The page itself: what goes into each section, and one HTML file made of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

import narwhals.stable.v2 as nw

from idgraph.audit.report.interesting import interesting
from idgraph.audit.report.risks import risks
from idgraph.audit.report.sections import Told, sections
from idgraph.audit.report.shown import Shown
from idgraph.audit.review import review
from idgraph.audit.summary import summary

if TYPE_CHECKING:
    from idgraph.audit.report.tables import Section
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["report"]

Frames = Mapping[str, nw.LazyFrame]
_ASKED: Final = 100  # pairs and profiles of the review queue


def report(
    frames: Frames,
    run: Mapping[str, Any],
    config: Config,
    engine: Engine,
    *,
    previous: Frames | None = None,
    board: nw.LazyFrame | None = None,
    evaluation: Section | None = None,
    redact: bool = False,
) -> str:
    """Make one HTML page of a graph, which asks nothing of any network.

    It holds counts of everything, the rows of each list that are most worth reading, and of the entities those that
    are most interesting, with some at random; it says how many it leaves out.

    Args:
        frames: all frames of a graph.
        run: what `run.json` says of it.
        config: the settings of the run.
        engine: what runs it.
        previous: the frames of an earlier result, to compare with.
        board: the board of a `idgraph.pql.Definition`, best first.
        evaluation: how right the graph is: see `idgraph.audit.evaluation.Evaluation.section`.
        redact: shorten personal values.

    Returns:
        The page, in UTF-8.
    """
    shown = Shown(redact)
    facts = summary(frames, engine)
    queue = engine.collect(review(frames, config, engine, _ASKED))
    told = Told(frames, facts, queue, previous, board, evaluation, shown, engine)
    asked = [entity for end in ("left_entity", "right_entity") for entity in queue[end].drop_nulls()]
    entities = interesting(frames, asked, shown, engine)
    parts = sections(told)
    return _page(
        run=run,
        redact=redact,
        facts=facts,
        risks=risks(frames, facts, told.flow, told.differing, config, engine),
        sections=parts,
        titles={section.id: section.title for section in parts},
        entities=entities,
    )


def _page(**told: Any) -> str:  # noqa: ANN401 - what the template asks for
    """Fill the template; everything is escaped, and only our own script and style may run."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    folder = files(__package__)

    def text(name: str) -> str:
        return (folder / name).read_text("utf-8")

    environment = Environment(
        loader=FunctionLoader(text), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    parts = {name: text(f"page.{name}") for name in ("css", "js")}
    policy = "default-src 'none'; base-uri 'none'; form-action 'none'; " + " ".join(
        f"{kind}-src '{_hash(part)}';" for kind, part in zip(("style", "script"), parts.values(), strict=True)
    )
    own = {name: Markup(part) for name, part in parts.items()}  # noqa: S704 - our own files, not data
    return environment.get_template("page.html").render(policy=policy, **own, **told)


def _hash(part: str) -> str:
    """How a Content Security Policy names a script or style that may run (W3C, CSP Level 3, hash-source)."""
    return f"sha256-{b64encode(sha256(part.encode()).digest()).decode()}"
