"""Read vendor exports: delimited text, JSON and Parquet, packed or not, lazily and with every refused row named."""

from __future__ import annotations

from idgraph.engines.files.address import column_expr, json_field
from idgraph.engines.files.parts import FILE, JSON, ROW
from idgraph.engines.files.reader import Scan, find_files, scan

__all__ = ["FILE", "JSON", "ROW", "Scan", "column_expr", "find_files", "json_field", "scan"]
