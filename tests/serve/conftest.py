"""The synthetic studies that the tests of this room read."""

from synthetic_study import small, study

__all__ = ["small", "study"]
