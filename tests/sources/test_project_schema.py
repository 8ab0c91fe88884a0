"""The JSON Schema that is shipped says what the code says."""

from importlib.resources import files

from idgraph.sources.project import project_schema


def test_the_shipped_schema_is_that_of_the_code():
    """To mend it: write `project_schema()` into the file."""
    shipped = files("idgraph.sources").joinpath("idgraph.schema.json").read_text("utf-8")
    assert shipped == project_schema()
