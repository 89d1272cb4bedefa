"""What a recurrence is asked: synthetic long-lag tasks and real data, one file each."""

from longlag.tasks.adding import Adding
from longlag.tasks.base import SPLITS, Batch, Floor, Solved, Spec, Split, Task

__all__ = ["SPLITS", "Adding", "Batch", "Floor", "Solved", "Spec", "Split", "Task"]
