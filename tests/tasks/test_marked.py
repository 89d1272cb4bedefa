"""Adding and multiplication of 1997: the places, the signs and the variances of the paper."""

import pytest
import torch

from longlag.tasks import Adding1997, Multiplication

TASKS = [(Adding1997, -1.0), (Multiplication, 0.0)]


@pytest.mark.parametrize(("make", "low"), TASKS)
@pytest.mark.parametrize("length", [22, 60])
def test_the_marks_stand_where_the_paper_puts_them(make, low: float, length: int):
    x, target, weight, lengths, _ = make(length=length).batch("train", 0, 0, 3000)
    number, mark = (part.T.numpy() for part in x.unbind(-1))
    assert lengths is not None
    assert set(lengths.tolist()) == set(range(length, length + length // 10 + 1))
    hidden, seconds = 0, set()
    for b in range(3000):
        n = int(lengths[b])
        assert mark[b, 0] == mark[b, n - 1] == -1 and weight[n - 1, b] == 1
        places = [t for t in range(n) if mark[b, t] == 1]
        assert 1 <= len(places) <= 2 and places[0] >= 1 and places[-1] < length // 2 - 1
        hidden += len(places) == 1  # X1 is on the first step: 0 in a sum, 1 in a product
        assert len(places) == 1 or places[0] < 10
        seconds |= set(places)
        one, two = [number[b, t] for t in places] + ([] if len(places) == 2 else [1.0 + low])
        answer = 0.5 + (one + two) / 4 if low else one * two
        assert target[n - 1, b, 0].item() == pytest.approx(answer, abs=1e-6)
    assert hidden == pytest.approx(300, abs=60)  # one list in ten
    assert seconds == set(range(1, length // 2 - 1))
    assert number.min() >= low and number.max() <= 1
    assert (number < -0.9).any() == bool(low)


@pytest.mark.parametrize(
    ("make", "mean", "variance"), [(Adding1997, 0.5, 0.0396), (Multiplication, 0.275, 0.0577)]
)
@pytest.mark.parametrize("length", [22, 100])
def test_the_floor_is_the_variance_of_the_target(make, mean: float, variance: float, length: int):
    task = make(length=length)
    target = task.batch("train", 0, 0, 60000).target[0]
    assert target.mean().item() == pytest.approx(mean, abs=0.003)
    assert target.var().item() == pytest.approx(task.spec.floors[0].value, rel=0.02)
    assert task.spec.floors[0].value == pytest.approx(variance, abs=5e-5)


def test_multiplication_asks_for_fewer_than_13_errors_in_2000():
    from longlag.training.metrics import collection

    spec = Multiplication().spec
    assert spec.solved is not None and spec.solved.published
    for wrong, solved in ((12, True), (13, False)):
        metrics = collection(spec)
        preds = torch.zeros(2000, 1)
        preds[:wrong] = 0.05
        metrics.update(preds=preds, target=torch.zeros(2000, 1))
        found = {name: float(value) for name, value in metrics.compute().items()}
        assert spec.solved.is_met_by(found) == solved


@pytest.mark.parametrize("make", [Adding1997, Multiplication])
def test_a_list_too_short_for_its_marks_is_refused(make):
    with pytest.raises(ValueError, match="length must be at least 22, not 21"):
        make(length=21)
    assert make(length=22).batch("test", 0, 0, 5).x.isfinite().all()
    assert torch.equal(make().spec.lag * torch.ones(1), torch.tensor([108.0]))
