"""MNIST and Fashion-MNIST by OpenML: what the loader gives is checked, split and kept."""

import gzip
import hashlib
import json
import socket

import numpy as np
import pytest
import torch

from longlag.errors import LonglagError
from longlag.laws.task import check_task
from longlag.tasks import SPLITS, FashionMnist, Mnist
from longlag.tasks.data.cache import folder
from longlag.tasks.data.openml import OpenML

BOTH = pytest.mark.parametrize("task", [Mnist, FashionMnist], ids=lambda task: task.name)


@pytest.fixture(autouse=True)
def network(monkeypatch: pytest.MonkeyPatch, tmp_path):
    """A cache of its own; whoever asks for a host is told that there is none."""
    pytest.importorskip("sklearn")

    def nowhere(*args, **how):
        raise OSError("no such host")

    monkeypatch.setenv("LONGLAG_DATA", str(tmp_path))
    monkeypatch.delenv("LONGLAG_OFFLINE")
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)


def sent(monkeypatch: pytest.MonkeyPatch, label: list[int]) -> list[dict]:
    """Let scikit-learn return images in its format: numbers, and classes as words."""
    asked = []

    def fetch_openml(name: str, **how):
        asked.append({"name": name, **how})
        pixels = np.random.default_rng(0).integers(0, 256, (len(label), 784)).astype(np.float64)
        return pixels, np.array([str(one) for one in label], dtype=object)

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch_openml)
    for task in (Mnist, FashionMnist):
        monkeypatch.setattr(task, "tested", (1,) * 10)
    return asked


SMALL = [*range(10)] * 6  # the last ten are the test set


@BOTH
def test_the_images_are_fetched_once_split_and_kept(task: type[OpenML], monkeypatch):
    asked = sent(monkeypatch, SMALL)
    one, again = task(), task(rows_at_once=True)
    assert [len(one.parts[split]) for split in SPLITS] == [40, 10, 10]
    assert one.parts["test"].tolist() == [*range(50, 60)]
    pixels, rows = (next(made.evaluation("test", 0, 10, 10)) for made in (one, again))
    assert torch.equal(pixels.x.view(28, 28, 10).transpose(1, 2), rows.x)
    assert pixels.target[-1].tolist() == [*range(10)]
    raw = np.random.default_rng(0).integers(0, 256, (60, 784))
    assert torch.equal(pixels.x[:, 3, 0], torch.from_numpy(raw[53] / 255).float())
    assert len(asked) == 1 and asked[0]["name"] == task.data_set
    assert asked[0]["data_home"] == str(folder())


@BOTH
def test_every_law_of_a_task_holds(task: type[OpenML], monkeypatch):
    sent(monkeypatch, SMALL)
    for made in (task(), task(permuted=True), task(rows_at_once=True)):
        assert not [verdict for verdict in check_task(made) if not verdict.ok]


def served(path: str, content: str) -> None:
    """Put an answer of OpenML where scikit-learn keeps what it fetched."""
    place = folder() / "openml" / "openml.org" / f"{path}.gz"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(gzip.compress(content.encode()))


def test_a_small_set_in_the_files_of_openml_is_read(monkeypatch):
    """Its description, features, qualities and ARFF, as OpenML sends them; no loader replaced."""
    monkeypatch.setattr(Mnist, "tested", (1,) * 10)
    pixels = np.random.default_rng(0).integers(0, 256, (60, 784))
    names = [f"pixel{i + 1}" for i in range(784)]
    heads = [
        *(f"@ATTRIBUTE {name} real" for name in names),
        "@ATTRIBUTE class {0,1,2,3,4,5,6,7,8,9}",
    ]
    lines = [",".join(map(str, [*row, k])) for row, k in zip(pixels, SMALL, strict=True)]
    arff = "\n".join(["@RELATION mnist_784", *heads, "@DATA", *lines, ""])
    common = {"is_ignore": "false", "is_row_identifier": "false", "number_of_missing_values": "0"}
    features = [{"name": n, "data_type": "numeric", "is_target": "false", **common} for n in names]
    features += [{"name": "class", "data_type": "nominal", "is_target": "true", **common}]
    url = "data/v1/download/52667/mnist_784.arff"
    about = {"id": "554", "name": "mnist_784", "version": "1", "status": "active", "format": "ARFF"}
    about |= {"url": f"https://api.openml.org/{url}", "description": "a small one"}
    about |= {"md5_checksum": hashlib.md5(arff.encode()).hexdigest()}
    found = {"data": {"dataset": [{"did": 554, "name": "mnist_784", "version": 1}]}}
    api = "api/v1/json/data"
    served(f"{api}/list/data_name/mnist_784/limit/2/data_version/1", json.dumps(found))
    served(f"{api}/554", json.dumps({"data_set_description": about}))
    served(f"{api}/features/554", json.dumps({"data_features": {"feature": features}}))
    quality = [{"name": "NumberOfInstances", "value": "60.0"}]
    served(f"{api}/qualities/554", json.dumps({"data_qualities": {"quality": quality}}))
    served(url, arff)
    task = Mnist()
    assert np.array_equal(task.arrays["x"][..., 0], pixels.astype(np.uint8))
    assert task.arrays["label"].tolist() == SMALL
    assert [len(task.parts[split]) for split in SPLITS] == [40, 10, 10]


@BOTH
def test_another_order_than_the_authors_is_refused(task: type[OpenML], monkeypatch):
    sent(monkeypatch, sorted(SMALL))
    with pytest.raises(LonglagError, match=r"is not .* in the order of its authors; remove"):
        _ = task().arrays


@BOTH
def test_without_a_network_one_line_says_what_to_do(task: type[OpenML]):
    with pytest.raises(LonglagError) as refused:
        _ = task().spec
    said = str(refused.value)
    assert "\n" not in said and f"the data set {task.data_set} of OpenML" in said
    assert f"run this once with a network, after that it is kept in {folder()}" in said


def test_the_test_sets_have_ten_thousand_images():
    assert sum(Mnist.tested) == sum(FashionMnist.tested) == 10_000
