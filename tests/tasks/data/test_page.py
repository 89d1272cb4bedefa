"""docs/data.md says what the tasks say, and no task in conf/ that reads data is left out."""

import re
import runpy
from pathlib import Path

import pytest
from hydra.utils import instantiate
from omegaconf import OmegaConf

from longlag.errors import MissingData, MissingPackage
from longlag.tasks.data.base import FixedDataset
from longlag.tasks.data.series import Series
from longlag.tasks.data.text import Characters

ROOT = Path(__file__).parents[3]
NUMBER = r"\d+\.\d+"


@pytest.fixture(scope="module")
def written() -> str:
    return (ROOT / "docs" / "data.md").read_text()


def test_the_page_is_up_to_date(written: str):
    """Fitted numbers may differ in the last digit from machine to machine."""
    try:
        now = runpy.run_path(str(ROOT / "docs" / "make_data.py"))["text"]()
    except (MissingPackage, MissingData) as missing:
        pytest.skip(str(missing))
    hint = "run `python docs/make_data.py`"
    assert re.sub(NUMBER, "#", now) == re.sub(NUMBER, "#", written), hint
    values = [[float(value) for value in re.findall(NUMBER, text)] for text in (now, written)]
    assert values[0] == pytest.approx(values[1], abs=0.006), hint


def test_every_task_that_reads_data_is_on_the_page(written: str):
    for path in sorted((ROOT / "conf" / "task").glob("*.yaml")):
        if isinstance(instantiate(OmegaConf.load(path)), FixedDataset | Series | Characters):
            assert re.search(rf"`([a-z0-9_, ]*\b)?{path.stem}\b", written), path.stem


def test_every_source_has_a_licence(written: str):
    rows = written[written.index("## Sources and licences") :].splitlines()[4:]
    assert len(rows) >= 12
    assert all(cell.strip() for row in rows for cell in row.strip("|").split("|"))
