"""Read vendor exports: delimited text, JSON and Parquet, packed or not, lazily and with every refused row named."""

from __future__ import annotations

from idgraph.engines.files.address import column_expr, json_field, pick
from idgraph.engines.files.header import repeated
from idgraph.engines.files.parts import FILE, JSON, ROW, Part, Reading
from idgraph.engines.files.reader import Opened, Scan, find_files, forget_files, open_file, refuse_unlike, scan

__all__ = [
    "FILE",
    "JSON",
    "ROW",
    "Opened",
    "Part",
    "Reading",
    "Scan",
    "column_expr",
    "find_files",
    "forget_files",
    "json_field",
    "open_file",
    "pick",
    "refuse_unlike",
    "repeated",
    "scan",
]
