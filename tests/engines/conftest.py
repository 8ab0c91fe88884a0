"""What tests of parity share."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import narwhals.stable.v2 as nw
import polars as pl
import pytest
from polars.testing import assert_frame_equal

import idgraph as ig
from idgraph.engines import Engine
from idgraph.schema import FRAMES, cast

OF_THIS_RUN = {"changes": ["run_id", "at"]}


def declared(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """A frame in its declared dtypes and in an order of ours, without what no two runs have in common."""
    found = cast(nw.from_native(frame.lazy()), name).to_native().collect().drop(OF_THIS_RUN.get(name, []))
    return found.sort(found.columns, nulls_last=True)


@pytest.fixture(scope="session")
def assert_same_graph() -> Callable[[Engine, ig.Graph, ig.Graph], None]:
    """Compare a graph of some engine with the one that Polars gives, frame by frame and row for row."""

    def compare(engine: Engine, expected: ig.Graph, graph: ig.Graph) -> None:
        assert graph.run["engine"] == engine.name
        for name in FRAMES:
            found = engine.collect(engine.lazy(getattr(graph, name)))
            wanted = declared(getattr(expected, name), name)
            assert_frame_equal(wanted, declared(found, name), categorical_as_str=True)

    return compare


# What runs at a start of Python (sitecustomize), so that idgraph is as good as not installed.
_WITHOUT_IDGRAPH = """
import sys
from importlib import metadata

class Nowhere:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "idgraph":
            raise ModuleNotFoundError(f"No module named {name!r}")

def version(name, real=metadata.version):
    if name == "idgraph-b2b":
        raise metadata.PackageNotFoundError(name)
    return real(name)

sys.meta_path.insert(0, Nowhere())
metadata.version = version
"""


@pytest.fixture
def python_without_idgraph(tmp_path: Path) -> Path:
    """A Python that has all that this one has, but idgraph."""
    (tmp_path / "sitecustomize.py").write_text(_WITHOUT_IDGRAPH)
    python = tmp_path / "python_without_idgraph"
    paths = f'PYTHONPATH={shlex.quote(str(tmp_path))}:"$PYTHONPATH"'
    python.write_text(f'#!/bin/sh\n{paths} exec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    return python
