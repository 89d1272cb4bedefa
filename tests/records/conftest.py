"""The synthetic studies that the tests of this room read."""

from synthetic_atlas import atlas_folder
from synthetic_study import built, small, stacks, study

__all__ = ["atlas_folder", "built", "small", "stacks", "study"]
