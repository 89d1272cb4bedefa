"""What a recurrence is asked: synthetic long-lag tasks and real data, one file each."""

from longlag.tasks.adding import Adding, Adding1997, Multiplication
from longlag.tasks.automata import CycleNavigation, EvenPairs, ModularArithmetic, Parity
from longlag.tasks.base import SPLITS, Batch, Floor, Solved, Spec, Split, Task
from longlag.tasks.brackets import Dyck
from longlag.tasks.chaos import Lorenz, MackeyGlass, Narma
from longlag.tasks.copying import Copy, Memorisation, SelectiveCopy, VariableCopy
from longlag.tasks.counting import AnBn, AnBnCn
from longlag.tasks.data.archive import UCR, JapaneseVowels
from longlag.tasks.data.base import DatasetTask
from longlag.tasks.data.chorales import Chorales
from longlag.tasks.data.images import Digits, Mnist5k
from longlag.tasks.data.openml import FashionMnist, Mnist
from longlag.tasks.data.series import ElNino, Laser, Sunspots
from longlag.tasks.data.text import TextFile, Tunes
from longlag.tasks.forecast import Sine
from longlag.tasks.lags import Latch, LongLag, RandomLag, TwoSequence, TwoSequenceExact
from longlag.tasks.order import TemporalOrder, TemporalOrder3
from longlag.tasks.reber import ContinualReber, EmbeddedReber, NextReber
from longlag.tasks.recall import AssociativeRecall
from longlag.tasks.timing import Frequency, GenerateInterval, MeasureInterval
from longlag.tasks.word_problem import WordProblem

__all__ = [
    "SPLITS",
    "UCR",
    "Adding",
    "Adding1997",
    "AnBn",
    "AnBnCn",
    "AssociativeRecall",
    "Batch",
    "Chorales",
    "ContinualReber",
    "Copy",
    "CycleNavigation",
    "DatasetTask",
    "Digits",
    "Dyck",
    "ElNino",
    "EmbeddedReber",
    "EvenPairs",
    "FashionMnist",
    "Floor",
    "Frequency",
    "GenerateInterval",
    "JapaneseVowels",
    "Laser",
    "Latch",
    "LongLag",
    "Lorenz",
    "MackeyGlass",
    "MeasureInterval",
    "Memorisation",
    "Mnist",
    "Mnist5k",
    "ModularArithmetic",
    "Multiplication",
    "Narma",
    "NextReber",
    "Parity",
    "RandomLag",
    "SelectiveCopy",
    "Sine",
    "Solved",
    "Spec",
    "Split",
    "Sunspots",
    "Task",
    "TemporalOrder",
    "TemporalOrder3",
    "TextFile",
    "Tunes",
    "TwoSequence",
    "TwoSequenceExact",
    "VariableCopy",
    "WordProblem",
]
