"""Identity resolution for B2B software: one person and one company out of many ids, with a reason for every link."""

__version__ = "0.1.0"
