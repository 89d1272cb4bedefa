"""Text, character by character: which one comes next?"""

import hashlib
import re
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Generator

from longlag.errors import LonglagError, MissingData, need
from longlag.tasks.base import SPLITS, Batch, Floor, Spec, Split, Windows, at_least, encode, require
from longlag.tasks.data.base import CUT_SEED
from longlag.tasks.data.cache import Arrays, cached
from longlag.tasks.data.ngram import surprise

UNKNOWN = "\N{REPLACEMENT CHARACTER}"  # one class for every character that training never shows
ORDER = 5  # of the n-gram that stands beside the scores
SHARES = (0.9, 0.05, 0.05)  # of a text that is split by position
Texts = dict[Split, str]


@dataclass(frozen=True, kw_only=True)
class Characters(Windows):
    """What all of them share: windows of a text, and its next character asked at every step.

    x is one-hot.  A training batch has windows at random places; validation and test are covered
    from their beginning, each character asked once.  The state starts anew in each window.  The
    score is in nats a character (times 1.4427: bits).

    Args:
        length: T, characters of a window.
    """

    length: int = 200

    version = 2
    minimum = at_least(length=1)
    package: ClassVar[str]
    licence: ClassVar[str]

    @abstractmethod
    def texts(self) -> Texts:
        """Return the text of each split."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Return what the cache calls the baselines: whatever the texts depend on."""

    @cached_property
    def alphabet(self) -> str:
        """List the characters of the training text, and one for all others."""
        return "".join(sorted(set(self.split_texts["train"]))) + UNKNOWN

    @cached_property
    def split_texts(self) -> Texts:
        """Return what `texts` gave, long enough for a window."""
        texts = self.texts()
        shortest = min(map(len, texts.values()))
        rule = f"less than {shortest}, the characters of the shortest split"
        require(self.name, length=(self.length, self.length < shortest, rule))
        return texts

    @cached_property
    def codes(self) -> dict[Split, torch.Tensor]:
        """Return the texts as places in the alphabet (N,)."""
        place = {character: i for i, character in enumerate(self.alphabet)}
        other = len(place) - 1
        return {
            split: torch.tensor([place.get(character, other) for character in text])
            for split, text in self.split_texts.items()
        }

    def define(self) -> Spec:
        """Ask for the next character, of the one before."""
        size = len(self.alphabet)
        train, test = (self.codes[split].numpy() for split in ("train", "test"))

        def fit() -> Arrays:
            by_order = [surprise(train, test, size, order)[1:].mean() for order in (1, 2, ORDER)]
            return {"nll": np.array(by_order)}

        alone, given, gram = cached(f"{self.key}-grams", fit)["nll"].tolist()
        names = tuple(self.alphabet.replace("\n", "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"))
        return Spec(
            kind="classification",
            input_size=size,
            output_size=size,
            metrics=("nll", "accuracy"),
            floors=(
                Floor("nll", given, "given the last character, Witten-Bell, fitted"),
                Floor("nll", alone, "how often each character occurs, fitted"),
            ),
            baselines=(
                Floor("nll", gram, f"given the last {ORDER - 1} characters, Witten-Bell, fitted"),
            ),
            symbols=names,
            answers=names,
        )

    def draw(self, split: Split, batch_size: int, rng: Generator) -> Batch:
        """Draw windows at uniform places of a split."""
        places = len(self.codes[split]) - self.length
        return self.cut(split, torch.randint(places, (batch_size,), generator=rng))

    def cut(self, split: Split, starts: torch.Tensor) -> Batch:
        """Cut the windows that begin at these characters of a split."""
        place, text = torch.arange(self.length)[:, None] + starts, self.codes[split]
        weight = torch.ones(self.length, len(starts))
        return Batch(encode(text[place], len(self.alphabet)), text[place + 1], weight)

    def evaluation(self, split: Split, seed: int, size: int, batch_size: int) -> Iterator[Batch]:
        """Yield windows side by side, as many as fit, or the first `size`."""
        starts = torch.arange(0, len(self.codes[split]) - self.length, self.length)[:size]
        for begin in range(0, len(starts), batch_size):
            yield self.cut(split, starts[begin : begin + batch_size])


@dataclass(frozen=True, kw_only=True)
class Tunes(Characters):
    """Write Irish tunes in abc notation: 2 000 of O'Neill's collection, character by character.

        M: 2/4 / K:Gm / G3-A (Bcd=e) | f4 (g2d  ->  B

    Only metre, unit, key and notes of each tune are kept.  Transcriptions of one number are in one
    split; a tenth of the numbers is validation, a tenth the test.  Some tunes of the collection
    are near to each other under two numbers.

    Args:
        length: T, characters of a window.
    """

    name = "tunes"
    source = "O'Neill 1903, Music of Ireland, in abc (music21); Graves 2013, section 3"
    package = "music21"
    licence = "tunes: public domain; encodings: as music21's corpus/license.txt allows"

    @property
    def key(self) -> str:
        """Return the version, for nothing else changes the texts."""
        return f"tunes-{self.version}"

    def texts(self) -> Texts:
        """Read music21's files."""
        package = Path(str(need("music21").__file__)).parent
        files = sorted((package / "corpus" / "oneills1850").glob("*.abc"))
        if not files:
            raise LonglagError(f"tunes: {package} has no corpus/oneills1850; install music21 again")
        found: dict[int, list[str]] = {}
        for file in files:
            for number, text in tunes(file.read_text(encoding="latin-1")):
                found.setdefault(number, []).append(text)
        order = np.random.default_rng(CUT_SEED).permutation(sorted(found)).tolist()
        tenth = len(order) // 10
        chosen = order[2 * tenth :], order[:tenth], order[tenth : 2 * tenth]
        return {
            split: "".join(text for number in numbers for text in found[number])
            for split, numbers in zip(SPLITS, chosen, strict=True)
        }


def tunes(text: str) -> Iterator[tuple[int, str]]:
    """Yield the number of each tune of an abc file, and its metre, unit, key and notes."""
    for part in re.split(r"(?m)^(?=X:)", text.replace("\r", "")):
        if number := re.match(r"X:\s*(\d+)", part):
            lines = [line.strip() for line in part.splitlines()]
            kept = [line for line in lines if re.match(r"[MLK]:|(?![A-Za-z]:|%)\S", line)]
            yield int(number[1]), "\n".join([*kept, "", ""])


@dataclass(frozen=True, kw_only=True)
class TextFile(Characters):
    """Read a text of the user's own and say which character comes next.

        t h e _ c a t _ s a  ->  t

    One file is split by position: the first 90 % for training, 5 % for validation, 5 % for the
    test.  With three files, such as those of the Penn Treebank, each is a split.

    Args:
        length: T, characters of a window.
        path: of the text, UTF-8.
        validation: path of another one, then `test` is needed too.
        test: path of a third one.
        sha256: the beginning of the training file's checksum; any other file is refused.
    """

    path: str | None = None
    validation: str | None = None
    test: str | None = None
    sha256: str = ""

    name = "text"
    source = "a file of the user's; Graves 2013, section 3"
    package = "none"
    licence = "of the file"

    def check(self) -> None:
        """Refuse what is out of range."""
        both = (self.validation is None) == (self.test is None)
        require("text", test=(self.test, both, "given exactly where validation is"))

    @property
    def key(self) -> str:
        """Return a digest of the files."""
        joined = "\0".join(self.split_texts[split] for split in SPLITS)
        return f"text-{self.version}-{hashlib.sha256(joined.encode()).hexdigest()[:16]}"

    def texts(self) -> Texts:
        """Read the file, or the three."""
        whole = self.opened("path", self.path)
        if self.validation is not None:
            others = self.opened("validation", self.validation), self.opened("test", self.test)
            return dict(zip(SPLITS, (whole, *others), strict=True))
        first, second = (round(share * len(whole)) for share in np.cumsum(SHARES[:2]))
        parts = whole[:first], whole[first:second], whole[second:]
        return dict(zip(SPLITS, parts, strict=True))

    def opened(self, argument: str, path: str | None) -> str:
        """Read the text of a file.

        Raises:
            MissingData: none is given, or it cannot be read.
            LonglagError: it is no text, or has another checksum.
        """
        if path is None:
            raise MissingData(f"text: no file is given: set task.{argument}=FILE, a text in UTF-8")
        try:
            data = Path(path).expanduser().read_bytes()
            text = data.decode()
        except (OSError, UnicodeDecodeError) as error:
            gone = isinstance(error, OSError)
            said = error.strerror if gone else "it is not UTF-8"
            raise (MissingData if gone else LonglagError)(
                f"text: task.{argument}={path} cannot be read: {said}; give a text in UTF-8"
            ) from None
        digest = hashlib.sha256(data).hexdigest()
        if argument == "path" and not digest.startswith(self.sha256):
            raise LonglagError(
                f"text: {path} has the SHA-256 {digest[:16]}..., not {self.sha256}...: "
                "give the right file, or set task.sha256 to this one"
            )
        return text
