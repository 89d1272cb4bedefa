"""The notes of a score in MusicXML, as the pitches that sound in each frame."""

import xml.etree.ElementTree as ET
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np

SEMITONE = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Note(NamedTuple):
    """A sounding pitch."""

    midi: int  # 60 is the middle C
    start: Fraction  # quarter notes from the beginning
    stop: Fraction


def parts(path: Path) -> list[list[Note]]:
    """Read the notes of each part of a compressed score (.mxl), from the top one down."""
    with zipfile.ZipFile(path) as file:
        inside = [n for n in file.namelist() if n.endswith("xml") and not n.startswith("META-INF")]
        root = ET.fromstring(file.read(inside[0]))
    return [notes(part) for part in root.findall("part")]


def notes(part: ET.Element) -> list[Note]:
    """Read the notes of one part as they are written: repeats once, grace notes not at all."""
    found, now, last, divisions = [], Fraction(0), Fraction(0), 1
    for element in part.iterfind("measure/*"):
        if element.tag == "attributes":
            divisions = int(element.findtext("divisions") or divisions)
        duration = Fraction(element.findtext("duration") or 0) / divisions
        if element.tag == "backup":
            now -= duration
        elif element.tag == "forward":
            now += duration
        elif element.tag == "note" and duration:
            start = last if element.find("chord") is not None else now
            pitch = element.find("pitch")
            if pitch is not None:
                found.append(Note(midi(pitch), start, start + duration))
            last, now = start, max(now, start + duration)
    return found


def midi(pitch: ET.Element) -> int:
    """Return the number of a pitch."""
    octave, alter = int(pitch.findtext("octave") or 4), float(pitch.findtext("alter") or 0)
    return 12 * (octave + 1) + SEMITONE[pitch.findtext("step") or "C"] + round(alter)


def frames(found: list[Note], per_quarter: int, low: int, high: int) -> np.ndarray:
    """Tabulate which pitches from `low` to `high` sound when a frame begins: (T,D) uint8."""
    stop = max(note.stop for note in found)
    table = np.zeros((-int(-stop * per_quarter // 1), high - low + 1), dtype=np.uint8)
    for note in found:
        first, last = (-int(-t * per_quarter // 1) for t in (note.start, note.stop))
        table[first:last, note.midi - low] = 1
    return table
