"""Real data, from packages that the user has installed; nothing is redistributed."""

from longlag.tasks.data.archive import UCR
from longlag.tasks.data.base import DatasetTask
from longlag.tasks.data.chorales import Chorales
from longlag.tasks.data.digits import Digits
from longlag.tasks.data.images import Mnist5k
from longlag.tasks.data.openml import FashionMnist, Mnist
from longlag.tasks.data.series import ElNino, Laser, Series, Sunspots
from longlag.tasks.data.text import Characters, TextFile, Tunes
from longlag.tasks.data.vowels import JapaneseVowels

__all__ = [
    "UCR",
    "Characters",
    "Chorales",
    "DatasetTask",
    "Digits",
    "ElNino",
    "FashionMnist",
    "JapaneseVowels",
    "Laser",
    "Mnist",
    "Mnist5k",
    "Series",
    "Sunspots",
    "TextFile",
    "Tunes",
]
