"""Benchmarks: `python -m benches` measures idgraph beside the floor, its peers and simpler rules. Not shipped."""
