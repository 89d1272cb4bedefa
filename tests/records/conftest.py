"""The synthetic studies that the tests of this room read."""

from synthetic_study import built, small, stacks, study

__all__ = ["built", "small", "stacks", "study"]
