"""Sources: exports to records, identifiers and references."""
