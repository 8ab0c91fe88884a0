"""Identity resolution for B2B software: one person and one company out of many ids, with a reason for every link.

>>> import idgraph as ig
>>> import polars as pl
>>> users = pl.DataFrame({"user_id": ["u1"], "email": ["ana@acme.io"]})
>>> leads = pl.DataFrame({"id": ["9"], "mail": ["Ana@Acme.io"]})
>>> graph = ig.resolve(
...     ig.Source("app_users", kind="user", data=users, id="user_id", identifiers={"email": "email"}),
...     ig.Source("crm_leads", kind="lead", data=leads, id="id", identifiers={"email": "mail"}),
... )
>>> graph.profile("app_users:u1")["record_ids"]
['app_users:u1', 'crm_leads:9']
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from idgraph import pql
    from idgraph.audit.plan import Plan
    from idgraph.config import Cardinality, Config, IdentifierType
    from idgraph.entities.carry import carry_ids, churn
    from idgraph.errors import IdgraphError
    from idgraph.graph import Graph
    from idgraph.linkage.model import Model
    from idgraph.linkage.models import Models
    from idgraph.pipeline import plan, resolve
    from idgraph.sources.discover import discover
    from idgraph.sources.table import KindBy, Source, TimeIf, ValueIf
    from idgraph.tables import Matches, dedupe, link_tables

__version__ = "0.1.0"

__all__ = [
    "Cardinality",
    "Config",
    "Graph",
    "IdentifierType",
    "IdgraphError",
    "KindBy",
    "Matches",
    "Model",
    "Models",
    "Plan",
    "Source",
    "TimeIf",
    "ValueIf",
    "__version__",
    "carry_ids",
    "churn",
    "dedupe",
    "discover",
    "link_tables",
    "open",
    "plan",
    "pql",
    "resolve",
]

# Where each public name lives: it is imported when it is first asked for, so that `import idgraph` is quick.
_HOMES = {
    "Cardinality": "idgraph.config",
    "Config": "idgraph.config",
    "Graph": "idgraph.graph",
    "IdentifierType": "idgraph.config",
    "IdgraphError": "idgraph.errors",
    "KindBy": "idgraph.sources.table",
    "Matches": "idgraph.tables",
    "Model": "idgraph.linkage.model",
    "Models": "idgraph.linkage.models",
    "Plan": "idgraph.audit.plan",
    "Source": "idgraph.sources.table",
    "TimeIf": "idgraph.sources.table",
    "ValueIf": "idgraph.sources.table",
    "carry_ids": "idgraph.entities.carry",
    "churn": "idgraph.entities.carry",
    "dedupe": "idgraph.tables",
    "discover": "idgraph.sources.discover",
    "link_tables": "idgraph.tables",
    "plan": "idgraph.pipeline",
    "resolve": "idgraph.pipeline",
}

# Vocabularies of their own: `ig.pql.Definition`.
_MODULES = {"pql"}


def open(out: str | Path, session: Any = None) -> Graph:  # noqa: A001, ANN401 - reads as `ig.open("out/")`; a SparkSession
    """Open a folder that `Graph.write` made; see `Graph.open`."""
    from idgraph.graph import Graph

    return Graph.open(out, session)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name is
    """Import a public name when it is first asked for."""
    if name in _MODULES:
        return import_module(f"idgraph.{name}")
    if name not in _HOMES:
        msg = f"module 'idgraph' has no attribute {name!r}"
        raise AttributeError(msg)
    found = getattr(import_module(_HOMES[name]), name)
    globals()[name] = found
    return found
