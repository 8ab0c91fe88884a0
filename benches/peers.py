"""Other tools that need no labels, each as it suggests itself: recordlinkage's ECM classifier, and GoldenMatch.

Both write `clusters.parquet` (record_id, entity_id). dedupe is not among them: it needs pairs that somebody labelled.
"""

from __future__ import annotations

import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["ECM", "goldenmatch", "recordlinkage"]

_SECONDS: Final = 900  # of processor time, after which a candidate is stopped
_ALIKE: Final = 0.85


@dataclass(frozen=True)
class Ecm:
    """What recordlinkage is told of a table.

    Attributes:
        alike: columns compared by Jaro and Winkler's similarity.
        same: columns compared as they are.
        blocks: columns that are the same of all pairs.
    """

    alike: Sequence[str]
    same: Sequence[str]
    blocks: Sequence[Sequence[str]]


_CONTACTS: Final = Ecm(
    alike=["first_name", "last_name", "email", "address", "company"],
    same=["phone", "zip"],
    blocks=[["last_name"], ["email"], ["phone"], ["zip", "first_name"]],
)
_FEBRL: Final = Ecm(
    alike=["given_name", "surname", "address_1", "suburb"],
    same=["date_of_birth", "soc_sec_id", "postcode", "street_number"],
    blocks=[["soc_sec_id"], ["given_name"], ["surname"], ["date_of_birth"], ["postcode"]],
)
ECM: Final[dict[str, Ecm]] = {
    "historical_50k": Ecm(
        alike=["first_name", "surname"],
        same=["dob", "birth_place", "postcode_fake", "occupation"],
        blocks=[
            ["surname", "dob"],
            ["first_name", "dob"],
            ["postcode_fake", "first_name"],
            ["postcode_fake", "surname"],
        ],
    ),
    "febrl3": _FEBRL,
    "febrl4": _FEBRL,
    "fake_1000": Ecm(
        alike=["first_name", "surname", "email"],
        same=["dob", "city"],
        blocks=[["first_name"], ["surname"], ["dob"], ["email"]],
    ),
    "early_childhood": Ecm(
        alike=["Site name", "Address"], same=["Zip", "Phone"], blocks=[["Phone"], ["Address"], ["Site name"]]
    ),
    "patstat_nl": Ecm(alike=["Name", "Coauthor", "Class"], same=["Lat", "Lng"], blocks=[["Name"], ["Lat", "Lng"]]),
    "contacts": _CONTACTS,
}


def recordlinkage(name: str, files: Sequence[str], out: str, dropped: Sequence[str] = ()) -> dict[str, Any]:
    """Block, compare, and let ECM tell matches from the rest."""
    _stop_in_time()
    import pandas as pd
    import recordlinkage as rl

    asked = ECM[name]
    tables = [pd.read_parquet(file).set_index("record_id").replace("", None) for file in files]
    index = rl.Index()
    for block in asked.blocks:
        if not set(block) & set(dropped):
            index.block(list(block))
    pairs = index.index(*tables)
    compare = rl.Compare()
    for column in asked.alike:
        if column not in dropped:
            compare.string(column, column, method="jarowinkler", threshold=_ALIKE, missing_value=0.0)
    for column in asked.same:
        if column not in dropped:
            compare.exact(column, column, missing_value=0)
    features = compare.compute(pairs, *tables)
    links = rl.ECMClassifier(binarize=0.5).fit_predict(features)
    left, right = (links.get_level_values(level).to_list() for level in (0, 1))
    _write(left, right, out)
    return {"pairs": len(pairs)}


def goldenmatch(
    files: Sequence[str], out: str, dropped: Sequence[str] = (), *, trained: bool = False
) -> dict[str, Any]:
    """Let it choose its own settings, or its trained model; two tables go in as one."""
    _stop_in_time()
    import goldenmatch as gm
    import polars as pl
    from goldenmatch.core.autoconfig import auto_configure_probabilistic_df

    rows = pl.concat([pl.read_parquet(file) for file in files])
    asked = rows.drop("record_id", "source", *dropped, strict=False)
    if trained:
        found = gm.dedupe_df(asked, config=auto_configure_probabilistic_df(asked))
    else:
        found = gm.dedupe_df(asked, confidence_required=False, allow_red_config=True)
    ids = rows["record_id"].to_list()
    members = [cluster["members"] for cluster in found.clusters.values()]
    left = [ids[some[0]] for some in members for _ in some]
    right = [ids[member] for some in members for member in some]
    _write(left, right, out)
    return {"clusters": len(members)}


def _write(left: Sequence[str], right: Sequence[str], out: str) -> None:
    """Write the components of pairs."""
    import polars as pl

    from idgraph.engines.components import smallest_member

    ids = pl.Series([*left, *right], dtype=pl.String).unique(maintain_order=True)
    place = {one: number for number, one in enumerate(ids)}
    ends = [pl.Series([place[one] for one in side], dtype=pl.Int64).to_numpy() for side in (left, right)]
    node, first = smallest_member(*ends)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame({"record_id": ids.gather(node), "entity_id": first}).write_parquet(folder / "clusters.parquet")


def _stop_in_time() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
