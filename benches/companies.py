"""Companies: which records are one, and which account people belong to, beside rules that others publish."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from benches.harness import Candidate, Scale, measure, table
from benches.scoring import scores
from benches.tables import FOLDER

if TYPE_CHECKING:
    import polars as pl

    import idgraph as ig

__all__ = ["bench", "compare", "published"]

_SEED: Final = 1
_CLOSE: Final = 0.9
_SAME: Final = 0.95
_REFERENCE: Final = "crunchbase_organizations"
_PUBLISHED: Final = """\
The twelve companies of Senzing's truth set, six true pairs, are too few to learn from: idgraph then links nobody by
likeness, and Splink's model, made by hand for them, is hardly trained."""
_REACHED: Final = ["primary account", "with one in truth", "right", "wrong", "right of those that have one"]
_METHOD: Final = """\
Tenants and CRM accounts of `saas_world({companies:,}, seed={seed})` and of its hostile variant, with and without its
reference of companies, whose rows are not scored. All rules take names and domains as idgraph normalises them.

- **idgraph**: `resolve(*discover(…))` with its defaults.
- **one domain**: accounts and tenants that hold one domain, a tenant that of most of its users; domains of mail
  providers and hosts left out.
- **one name, or a close one and something else**: LeanData's two patterns as its help pages state them: one name, or
  names at least {close} alike by Jaro–Winkler and one domain, telephone or city.
- **one name and city**: the standard rule of Salesforce Data 360 for accounts, exact name and address, of which these
  exports have the city.
- **one telephone or city, and a name all but the same**: the rule of Fivetran's dbt_customer360 for organisations
  (e-mail, which these tables lack; or telephone or address, and names {same} alike by Levenshtein).

*Right* and *wrong* are leads, and profiles that have an account in truth, by whether the primary account is a company
that the person works or worked for; the last column is of those that have a primary account. The others are mostly
visitors who never said who they are."""


def compare(companies: int, *, hostile: bool, reference: bool) -> dict[str, Any]:
    """Score companies by rule, and leads and profiles by whether they reach the right account."""
    import polars as pl

    from idgraph import discover, resolve
    from idgraph.datasets import saas_world

    world = saas_world(companies, seed=_SEED, hostile=hostile)
    with TemporaryDirectory() as folder:
        world.write(folder)
        sources = [source for source in discover(folder) if reference or source.name != _REFERENCE]
        graph = resolve(*sources)
    truth = world.company_truth.filter(~pl.col("record_id").str.starts_with(_REFERENCE))
    found = {"idgraph": graph.assignments.filter(pl.col("level") == "account").select("record_id", "entity_id")}
    found |= _rules(graph, truth)
    scores = {name: _score(partition, truth) for name, partition in found.items()}
    return {"companies": scores, "people": _reached(graph, world)}


def _rules(graph: ig.Graph, truth: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """What simple rules join: record_id, entity_id."""
    import polars as pl
    from rapidfuzz import process
    from rapidfuzz.distance import JaroWinkler, Levenshtein

    from idgraph.normalise import normalise

    records = graph.records.join(truth.select("record_id"), on="record_id", how="semi").with_row_index("record")
    name = pl.coalesce(*(column for column in ("name", "tenant_name") if column in records.columns))
    named = records.select("record", pl.col("city").str.to_lowercase().alias("city"), name.alias("name"))
    named = named.with_columns(normalise("company_name", named["name"])["value"].alias("name")).drop_nulls("name")
    held = graph.identifiers.join(records.select("record", "record_id"), on="record_id")
    own = (pl.col("reason").cast(pl.String) == "ambiguous_domain") | (pl.col("state") == "used")
    values = held.filter(pl.col("type").is_in(["domain", "phone"]) & own).select("record", "type", "value")
    domains = values.filter(pl.col("type") == "domain").select("record", key="value")
    cities = named.drop_nulls("city").select("record", key=pl.concat_str(pl.lit("city "), "city"))
    near = pl.concat([values.select("record", key="value"), cities])
    pairs = near.join(near, on="key").filter(pl.col("record") < pl.col("record_right"))
    pairs = pairs.select("record", "record_right").unique()
    both = pairs.join(named, on="record").join(named, left_on="record_right", right_on="record", suffix="_right")
    close = process.cpdist(both["name"].to_list(), both["name_right"].to_list(), scorer=JaroWinkler.similarity)
    alike = both.filter(pl.Series(close >= _CLOSE)).select(left="record", right="record_right")
    domain = pl.col("type") == "domain"
    phones = pl.concat([values.filter(~domain).select("record", key="value"), cities])
    beside = phones.join(phones, on="key").filter(pl.col("record") < pl.col("record_right"))
    beside = both.join(beside.select("record", "record_right").unique(), on=["record", "record_right"])
    names = (beside[name].to_list() for name in ("name", "name_right"))
    same = process.cpdist(*names, scorer=Levenshtein.normalized_similarity)
    all_but = beside.filter(pl.Series(same >= _SAME)).select(left="record", right="record_right")
    placed = named.drop_nulls("city").select("record", key=pl.concat_str("name", pl.lit("|"), "city"))
    by_name = _pairs(named.select("record", key="name"))
    return {
        "one domain": _joined(records, _pairs(domains)),
        "one name, or a close one and something else": _joined(records, pl.concat([by_name, alike])),
        "one name and city": _joined(records, _pairs(placed)),
        "one telephone or city, and a name all but the same": _joined(records, all_but),
    }


def _pairs(keyed: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return keyed.select(left="record", right=pl.col("record").min().over("key"))


def _joined(records: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    from idgraph.engines.components import smallest_member

    every = pl.concat([records.select(left="record", right="record"), pairs])
    _, component = smallest_member(every["left"].to_numpy(), every["right"].to_numpy())
    return records.select("record_id", entity_id=pl.Series(component, dtype=pl.Int64))


def _reached(graph: ig.Graph, world: Any) -> dict[str, dict[str, int]]:  # noqa: ANN401 - a World, not imported here
    """Of leads, and of profiles, how many have an account in truth, reach a right one, or a wrong one."""
    import polars as pl

    accounts = graph.assignments.filter(pl.col("level") == "account").select("record_id", account_id="entity_id")
    said = accounts.join(world.company_truth.rename({"entity_id": "company"}), on="record_id")
    company = said.group_by("account_id").agg(pl.col("company").mode().sort().first())
    primary = graph.members.filter("is_primary").select("profile_id", "account_id").join(company, on="account_id")
    people = graph.assignments.filter(pl.col("level") == "person").select("record_id", profile_id="entity_id")
    people = people.join(world.people_truth.rename({"entity_id": "person"}), on="record_id")
    people = people.join(primary, on="profile_id", how="left")
    works = world.membership_truth.group_by(person="person_id").agg(pl.col("company_id").alias("companies"))
    people = people.join(works, on="person").join(graph.records.select("record_id", "kind"), on="record_id")
    people = people.with_columns(right=pl.col("companies").list.contains(pl.col("company")))
    leads = people.filter(pl.col("kind") == "lead")
    profiles = people.sort("record_id").unique("profile_id", keep="first", maintain_order=True)
    return {name: _counted(rows) for name, rows in (("leads", leads), ("profiles", profiles))}


def _counted(rows: pl.DataFrame) -> dict[str, int]:
    right = int(rows["right"].fill_null(value=False).sum())
    return {"known": rows.height, "right": right, "wrong": rows.height - int(rows["company"].is_null().sum()) - right}


def _score(found: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float]:
    import narwhals.stable.v2 as nw

    from idgraph.audit.metrics import quality

    return quality(nw.from_native(found, eager_only=True), nw.from_native(truth, eager_only=True)).as_dict()


def published(file: str, out: str) -> dict[str, Any]:
    """Resolve the companies of a truth set; write `clusters.parquet`."""
    import polars as pl

    import idgraph as ig

    names = {"name": "PRIMARY_NAME_ORG", "legal_name": "SECONDARY_NAME_ORG"}
    source = ig.Source(
        "truth_set",
        kind="company",
        data=pl.read_parquet(file),
        id="record_id",
        identifiers={"phone": "PHONE_NUMBER"},
        attributes={**names, "city": "ADDR_CITY", "country": "ADDR_COUNTRY"},
    )
    graph = ig.resolve(source, config=ig.Config(region="US"))
    placed = graph.assignments.filter(level="account")
    Path(out).mkdir(parents=True, exist_ok=True)
    named = placed.select(pl.col("record_id").str.split(":").list.last(), "entity_id")
    named.write_parquet(Path(out) / "clusters.parquet")
    return {}


def _beside_splink() -> str:
    """Score the companies of a published truth set, and Splink beside."""
    import polars as pl

    with TemporaryDirectory() as folder:
        whole = pl.read_parquet(FOLDER / "senzing_truthset.parquet").filter(pl.col("RECORD_TYPE") == "ORGANIZATION")
        table_path, truth_path = Path(folder) / "table.parquet", Path(folder) / "truth.parquet"
        whole.write_parquet(table_path)
        truth = pl.read_parquet(FOLDER / "senzing_truthset.truth.parquet")
        truth.join(whole, on="record_id", how="semi").write_parquet(truth_path)
        lines = []
        for name, target, given in (
            ("idgraph", "benches.companies:published", {"file": str(table_path)}),
            ("Splink", "benches.splink_models:run", {"name": "senzing_truthset", "files": [str(table_path)]}),
        ):
            out = Path(folder) / name
            measure([Candidate(name, target, {**given, "out": str(out)})], 1)
            said = scores(pl.read_parquet(out / "clusters.parquet"), pl.read_parquet(truth_path))
            figures = (said.precision, said.recall, said.f1, said.bcubed_f1)
            lines.append([name, *(f"{figure:.3f}" for figure in figures)])
    return table(["companies of senzing_truthset", "precision", "recall", "F1", "B³ F1"], lines)


def bench(scale: Scale) -> str:
    """Score companies and memberships; give the tables in Markdown."""
    parts = [_METHOD.format(companies=scale.companies, seed=_SEED, close=_CLOSE, same=_SAME)]
    clusters, reached = [], []
    for hostile in (False, True):
        for reference in (True, False):
            name = f"the {'hostile' if hostile else 'usual'} world, {'with' if reference else 'without'} the reference"
            given = {"companies": scale.companies, "hostile": hostile, "reference": reference}
            facts = measure([Candidate(name, "benches.companies:compare", given)], 1)[name].facts
            clusters.append([f"**{name}**", *[""] * 6])
            for rule, found in facts["companies"].items():
                shown = ("precision", "recall", "f1", "bcubed_precision", "bcubed_recall", "bcubed_f1")
                clusters.append([rule, *(f"{found[score]:.3f}" for score in shown)])
            for who, counts in facts["people"].items():
                shares = (f"{counts[what] / counts['known']:.1%}" for what in ("right", "wrong"))
                of_placed = counts["right"] / (counts["right"] + counts["wrong"])
                reached.append([f"{name}: {who}", f"{counts['known']:,}", *shares, f"{of_placed:.1%}"])
    head = ["companies", "precision", "recall", "F1", "B³ precision", "B³ recall", "B³ F1"]
    parts += [table(head, clusters), table(_REACHED, reached), _PUBLISHED, _beside_splink()]
    return "\n\n".join(parts)
