"""What a recurrence is asked: synthetic long-lag tasks and real data, one file each."""

from longlag.tasks.adding import Adding
from longlag.tasks.base import SPLITS, Batch, Floor, Solved, Spec, Split, Task
from longlag.tasks.copying import Copy
from longlag.tasks.data import DatasetTask, Digits, JapaneseVowels
from longlag.tasks.forecast import Sine
from longlag.tasks.order import TemporalOrder, TemporalOrder3

__all__ = [
    "SPLITS",
    "Adding",
    "Batch",
    "Copy",
    "DatasetTask",
    "Digits",
    "Floor",
    "JapaneseVowels",
    "Sine",
    "Solved",
    "Spec",
    "Split",
    "Task",
    "TemporalOrder",
    "TemporalOrder3",
]
