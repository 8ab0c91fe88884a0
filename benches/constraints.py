"""What constraints cost: the collapse step without them, with them and nothing broken, and with broken components."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benches.harness import Candidate, Measured, Scale, Stages, measure, table, warm

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from idgraph.collapse.constraints import Held

__all__ = ["Evidence", "bench", "make", "step"]

_HOME: Final = Path(__file__).parent
_FACTS: Final = "facts.json"
_TABLES: Final = ("records", "email", "device", "edges", "apart")
_SIZES: Final = (2, 12)  # records of a component
_WEAK: Final = 2  # at most so many of them are joined by their device alone
_BROKEN: Final = 0.01
_WEIGHTS: Final = {"email": 14.0, "device": 9.0}
_KINDS: Final = {"app_users": "user", "crm_contacts": "contact", "crm_leads": "lead"}
_OPENED: Final = 1_640_995_200  # 2022-01-01, in seconds
_SECONDS: Final = 4 * 365 * 86_400

_WITHOUT: Final = "without constraints"
_KEPT: Final = "with them, nothing broken"
_TORN: Final = "with them, some broken"
_METHOD: Final = """\
`collapse`, from evidence in memory to entities, their ids and their strict ids. Components have {least} to {most}
records, in no order: most hold one e-mail address, up to {weak} are joined by a device alone; in {broken:.0%} of the
components two records are judged not to be one, and these are rebuilt. The first two find the same entities, and in the
third no such pair is in one entity, or the run fails.

- **without constraints**: components, and nothing else.
- **with them, nothing broken**: components are asked for what would break them; there are no judgements.
- **with them, some broken**: with those judgements.

*Step* is the collapse alone, modules loaded; *input* is the peak of memory before it, *peak* that at its end. All of
them read the same files first. {runs}"""


@dataclass(frozen=True)
class Evidence:
    """One size of the evidence, as Parquet.

    Attributes:
        edges: how many edges it has, nearly.
    """

    edges: int

    @property
    def folder(self) -> Path:
        """Where it is written."""
        return _HOME / "data" / f"constraints-{self.edges}"

    @property
    def tables(self) -> dict[str, Path]:
        """The files, by name; see `make`."""
        return {name: self.folder / f"{name}.parquet" for name in _TABLES}

    def ensure(self) -> dict[str, int]:
        """Make it, unless it is there as the present generator makes it; say what it holds."""
        generator = sha256(Path(__file__).read_bytes()).hexdigest()
        made = self.folder / _FACTS
        if not made.is_file() or json.loads(made.read_text())["generator"] != generator:
            given = {"edges": self.edges, "folder": str(self.folder)}
            name = f"making {self.edges:,} edges"
            found = measure([Candidate(name, "benches.constraints:make", given)], 1)[name]
            made.write_text(json.dumps({**found.facts, "generator": generator}))
        return dict(json.loads(made.read_text()))


def make(edges: int, folder: str, seed: int = 0) -> dict[str, int]:
    """Write the evidence, in the columns that `idgraph.collapse.components.collapse` takes.

    That is records (with the names that they bear), email and device (the identifiers by type), edges (each holder of a
    value joined to the first, as `idgraph.linkage.exact` makes them) and apart (pairs of records judged not to be one).

    Args:
        edges: how many, nearly.
        folder: made if missing; files in it are replaced.
        seed: the same seed gives the same evidence.

    Returns:
        records, components, broken (of those), edges.
    """
    import numpy as np
    import polars as pl

    rng = np.random.default_rng(seed)
    least, most = _SIZES
    sizes = rng.integers(least, most + 1, max(1, round(edges / ((least + most) / 2 - 1))))
    placed = _placed(rng, sizes)
    in_core = pl.col("place") < pl.col("size") - pl.col("weak")
    has_device = (pl.col("weak") > 0) & ((pl.col("place") == 0) | ~in_core)
    held = {
        "email": _held(placed.filter(in_core), "email", pl.format("person.{}@company.example", "component")),
        "device": _held(placed.filter(has_device), "device", pl.format("{}", "component").str.zfill(32)),
    }
    stars = pl.concat([_star(rows, name) for name, rows in held.items()])
    broken = rng.choice(len(sizes), size=round(len(sizes) * _BROKEN), replace=False)
    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    frames = {"records": _records(rng, placed), **held, "edges": stars, "apart": _apart(placed, broken)}
    for name, frame in frames.items():
        frame.write_parquet(home / f"{name}.parquet")
    return {"records": placed.height, "components": len(sizes), "broken": len(broken), "edges": stars.height}


def _placed(rng: np.random.Generator, sizes: np.ndarray) -> pl.DataFrame:
    """Each record, numbered in no order, with its component and its place in it: the last `weak` are joined weakly."""
    import numpy as np
    import polars as pl

    records = int(sizes.sum())
    component = np.repeat(np.arange(len(sizes)), sizes)
    weak = np.minimum(rng.integers(0, _WEAK + 1, len(sizes)), sizes - 1)
    return pl.DataFrame(
        {
            "record": rng.permutation(records).astype(np.uint32),
            "component": component,
            "place": np.arange(records) - (np.cumsum(sizes) - sizes)[component],
            "size": sizes[component],
            "weak": weak[component],
        }
    )


def _held(placed: pl.DataFrame, name: str, value: pl.Expr) -> pl.DataFrame:
    """The identifiers of one type."""
    import polars as pl

    words = {"rules": name, "state": "used"}
    return placed.select(
        "record",
        value.alias("value"),
        *(pl.lit(word, pl.Categorical).alias(column) for column, word in words.items()),
        pl.lit(_WEIGHTS[name]).alias("weight"),
        pl.from_epoch(pl.lit(_OPENED)).dt.cast_time_unit("us").dt.replace_time_zone("UTC").alias("observed_at"),
    ).sort("record")


def _star(held: pl.DataFrame, name: str) -> pl.DataFrame:
    import polars as pl

    rule, weight = pl.lit(name, pl.Categorical).alias("rule"), pl.lit(_WEIGHTS[name]).alias("weight")
    ends = held.select(
        pl.col("record").alias("left"), pl.col("record").min().over("value").alias("right"), rule, weight
    )
    return ends.filter(pl.col("left") != pl.col("right"))


def _apart(placed: pl.DataFrame, components: np.ndarray) -> pl.DataFrame:
    """The first and the last record of each of these components."""
    import polars as pl

    inside = placed.filter(pl.col("component").is_in(components.tolist()))
    first = inside.filter(pl.col("place") == 0).select("component", left="record")
    last = inside.filter(pl.col("place") == pl.col("size") - 1).select("component", right="record")
    return first.join(last, on="component", maintain_order="left").drop("component")


def _records(rng: np.random.Generator, placed: pl.DataFrame) -> pl.DataFrame:
    """The records, and the name of whoever is the component."""
    import polars as pl

    from idgraph.datasets.names import FAMILY, GIVEN

    given, family = ([name for names in lists.values() for name in names] for lists in (GIVEN, FAMILY))
    sources = pl.Series(list(_KINDS)).gather(rng.integers(0, len(_KINDS), placed.height))
    person = placed["component"]
    name = pl.Series(given).gather(person % len(given)) + " " + pl.Series(family).gather(person % len(family))
    seen = pl.Series((_OPENED + rng.integers(0, _SECONDS, placed.height)) * 1_000_000)
    return placed.select(
        "record",
        pl.format("{}:{}", sources, "record").alias("record_id"),
        sources.replace_strict(_KINDS).cast(pl.Categorical).alias("kind"),
        sources.cast(pl.Categorical).alias("source"),
        seen.cast(pl.Datetime("us", "UTC")).alias("first_seen"),
        name.alias("name"),
    ).sort("record")


def step(edges: int, *, constrained: bool, broken: bool = False) -> dict[str, Any]:
    """Collapse the evidence, and look at what came out."""
    import polars as pl

    from idgraph.collapse.components import collapse
    from idgraph.config import Config
    from idgraph.engines import engine_for

    stages, engine = Stages(), engine_for()
    stages("input")
    _load_modules()
    frames = {name: pl.read_parquet(path) for name, path in Evidence(edges).tables.items()}
    apart = frames["apart"]
    frames["apart"] = apart if broken else apart.clear()
    held = _constraints(frames) if constrained else None
    records, stars = (engine.lazy(frames[name]) for name in ("records", "edges"))
    stages("step")
    found = collapse(records.drop("name"), stars, held, "person", Config(), engine)
    entities, cores, placed = engine.collect(found.entities()), engine.collect(found.cores), found.records
    done = stages.done()
    entity = engine.collect(placed.select("record", "entity"))
    ends = [
        apart.join(entity, left_on=end, right_on="record", maintain_order="left")["entity"] for end in apart.columns
    ]
    return {**done, "entities": entities.height, "cores": cores.height, "together": int((ends[0] == ends[1]).sum())}


def _load_modules() -> None:
    """Have imported before the clock starts what the step imports at its first use."""
    import numpy as np
    import polars as pl

    from idgraph.engines.components import smallest_member
    from idgraph.normalise import normalise

    smallest_member(np.zeros(1, dtype=np.uint32), np.zeros(1, dtype=np.uint32))
    normalise("person_name", pl.Series(["Ana Ruiz"]))


def _constraints(frames: Mapping[str, pl.DataFrame]) -> Held:
    import polars as pl

    from idgraph.collapse.constraints import Held
    from idgraph.engines import engine_for

    lazy = engine_for().lazy
    pair = frames["apart"].clear()
    said = {"rule": pl.String, "weight": pl.Float64, "evidence": pl.String}
    links = pair.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in said.items())
    return Held(
        identifiers={name: lazy(frames[name]) for name in _WEIGHTS},
        links=lazy(links),
        apart=lazy(frames["apart"]),
        names=lazy(frames["records"].select("record", "name")),
        aliases=lazy(pair.rename({"left": "survivor", "right": "merged"})),
    )


def bench(scale: Scale) -> str:
    """Measure all sizes; give the table in Markdown."""
    rows = []
    for edges in scale.sizes:
        evidence = Evidence(edges)
        made = evidence.ensure()
        warm(evidence.tables.values())
        found = measure(_candidates(edges), scale.runs)
        _refuse_wrong(found, made["broken"])
        told = "**{edges:,} edges, {records:,} records, {broken:,} of {components:,} components broken**"
        rows.append([told.format(**made), *[""] * 6])
        rows += _rows(found)
    method = _METHOD.format(least=_SIZES[0], most=_SIZES[1], weak=_WEAK, broken=_BROKEN, runs=scale.told)
    head = ["", "step, seconds", "×", "process, seconds", "CPU seconds", "input GB", "peak GB"]
    return f"{method}\n\n{table(head, rows)}"


def _candidates(edges: int) -> list[Candidate]:
    given = {"edges": edges, "constrained": True}
    call = "benches.constraints:step"
    return [
        Candidate(_WITHOUT, call, {**given, "constrained": False}),
        Candidate(_KEPT, call, given),
        Candidate(_TORN, call, {**given, "broken": True}),
    ]


def _refuse_wrong(found: Mapping[str, Measured], broken: int) -> None:
    """Refuse figures of a step that did not do its work."""
    without, kept, torn = (found[name].facts for name in (_WITHOUT, _KEPT, _TORN))
    same = all(without[what] == kept[what] for what in ("entities", "cores", "together"))
    if not same or without["together"] != broken or torn["together"]:
        raise RuntimeError(f"the candidates do not find what they should: {without}, {kept}, {torn}")


def _rows(found: Mapping[str, Measured]) -> list[list[str]]:
    def figure(one: Measured, kind: str, stage: str) -> float:
        return one.median(lambda run: run.facts[kind][stage])

    base = figure(found[_WITHOUT], "seconds", "step")
    return [
        [
            name,
            f"{figure(one, 'seconds', 'step'):.2f}",
            f"{figure(one, 'seconds', 'step') / base:.1f}",
            f"{one.wall:.1f}",
            f"{one.cpu:.1f}",
            f"{figure(one, 'peaks', 'input'):.2f}",
            f"{figure(one, 'peaks', 'step'):.2f}",
        ]
        for name, one in found.items()
    ]
