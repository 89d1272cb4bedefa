"""Networks without a recurrence stand where cells stand, look back and never ahead."""

import copy
import pickle
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from longlag.errors import LonglagError
from longlag.laws.check import class_at
from longlag.nn.bidirectional import Bidirectional
from longlag.nn.block import Block
from longlag.nn.model import Model
from longlag.nn.parameter_matching import hidden_size_for
from longlag.nn.references import TCN, Reference, Transformer

T, B, I, H = 40, 3, 2, 6
BOTH = pytest.mark.parametrize("kind", [Transformer, TCN])


def made(kind: Any, input_size: int = I, hidden_size: int = H, **how: Any) -> Reference:
    torch.manual_seed(0)
    return kind(input_size, hidden_size, **how).double()


def inputs(steps: int = T, size: int = I) -> Tensor:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(steps, B, size, dtype=torch.double, generator=rng)


def close(one: Any, other: Any) -> None:
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


# What they compute.


def normalised(x: np.ndarray, w: dict[str, np.ndarray], name: str) -> np.ndarray:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-5) * w[f"{name}.weight"] + w[f"{name}.bias"]


def affine(x: np.ndarray, w: dict[str, np.ndarray], name: str) -> np.ndarray:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def attention(z: np.ndarray, w: dict[str, np.ndarray], name: str, heads: int) -> np.ndarray:
    """Of one sequence (T,H): a weight for every step and each of those before it."""
    q, k, v = np.split(affine(z, w, f"{name}.W_qkv"), 3, axis=-1)
    d, out = q.shape[1] // heads, np.zeros_like(q)
    for head in range(heads):
        own = slice(head * d, (head + 1) * d)
        for t in range(len(z)):
            score = np.exp(k[: t + 1, own] @ q[t, own] / np.sqrt(d))
            out[t, own] = score / score.sum() @ v[: t + 1, own]
    return affine(out, w, f"{name}.W_o")


def numpy_transformer(x: np.ndarray, w: dict[str, np.ndarray], heads: int) -> np.ndarray:
    """Of one sequence (T,I), of one layer."""
    z = affine(x, w, "encoder")
    for t in range(len(z)):
        for unit in range(z.shape[1]):
            angle = t / 10000 ** (2 * (unit // 2) / z.shape[1])
            z[t, unit] += np.cos(angle) if unit % 2 else np.sin(angle)
    z = z + attention(normalised(z, w, "layers.0.attention_norm"), w, "layers.0.attention", heads)
    hidden = np.maximum(affine(normalised(z, w, "layers.0.mlp_norm"), w, "layers.0.mlp.0"), 0)
    return normalised(z + affine(hidden, w, "layers.0.mlp.2"), w, "norm")


def convolution(x: np.ndarray, w: dict[str, np.ndarray], name: str, dilation: int) -> np.ndarray:
    """Of one sequence (T,I), number by number."""
    V, g, y = w[f"{name}.V"], w[f"{name}.g"], np.zeros((len(x), len(w[f"{name}.g"])))
    for channel in range(len(g)):
        W = g[channel] * V[:, channel] / np.sqrt((V[:, channel] ** 2).sum())
        for t in range(len(x)):
            y[t, channel] = w[f"{name}.b"][channel]
            for k in range(len(W)):
                if t - k * dilation >= 0:
                    y[t, channel] += W[k] @ x[t - k * dilation]
    return y


def numpy_tcn(x: np.ndarray, w: dict[str, np.ndarray], levels: int) -> np.ndarray:
    for i in range(levels):
        name = f"blocks.{i}"
        z = np.maximum(convolution(x, w, f"{name}.first", 2**i), 0)
        z = np.maximum(convolution(z, w, f"{name}.second", 2**i), 0)
        through = affine(x, w, f"{name}.skip") if f"{name}.skip.weight" in w else x
        x = np.maximum(z + through, 0)
    return x


@pytest.mark.parametrize(
    ("network", "transcribed"),
    [
        (partial(Transformer, layers=1, heads=4), partial(numpy_transformer, heads=4)),
        (partial(Transformer, layers=1, heads=1), partial(numpy_transformer, heads=1)),
        (partial(TCN, levels=1, width=3), partial(numpy_tcn, levels=1)),
        (partial(TCN, levels=6), partial(numpy_tcn, levels=6)),
    ],
)
@pytest.mark.parametrize(("input_size", "hidden_size"), [(2, 7), (6, 6), (1, 1)])
def test_a_reference_is_its_paper_in_numpy(network, transcribed, input_size, hidden_size):
    module, x = made(network, input_size, hidden_size), inputs(20, input_size)
    with torch.no_grad():  # so that nothing rests on a weight that starts as zero or one
        for p in module.parameters():
            p.add_(0.3 * torch.randn_like(p))
        found = module(x)
    w = {name: value.numpy() for name, value in module.state_dict().items()}
    for b in range(B):
        want = transcribed(x[:, b].numpy(), w)
        np.testing.assert_allclose(found[:, b].numpy(), want, rtol=1e-9, atol=1e-12)


# What every reference must obey.


@BOTH
def test_nothing_depends_on_a_later_input(kind):
    module, x = made(kind), inputs()
    for t in (0, 1, 17, T - 2):
        changed = x.clone()
        changed[t + 1 :] += 3
        assert torch.equal(module(x)[: t + 1], module(changed)[: t + 1])
        assert not torch.equal(module(x)[t + 1 :], module(changed)[t + 1 :])


@BOTH
def test_padding_behind_the_end_and_the_other_sequences_change_nothing(kind):
    module, x = made(kind), inputs()
    for end in (1, 2, 33):
        close(module(x)[:end], module(x[:end]))
    close(module(x)[:, :1], module(x[:, :1]))


def test_the_last_answer_of_a_transformer_reaches_back_to_the_first_input():
    module, x = made(Transformer), inputs(300).requires_grad_()
    (gradient,) = torch.autograd.grad(module(x)[-1].sin().sum(), x)
    assert bool((gradient.norm(dim=-1) > 1e-9).all())


@pytest.mark.parametrize(("levels", "width", "field"), [(8, 2, 511), (3, 3, 29), (2, 1, 1)])
def test_the_last_answer_of_a_tcn_reaches_back_over_its_receptive_field_and_no_further(
    levels, width, field
):
    module = made(TCN, levels=levels, width=width)
    assert isinstance(module, TCN) and module.receptive_field == field
    with torch.no_grad():  # all positive: every unit is open
        for p in module.parameters():
            p.abs_()
    x = inputs(field + 9).abs().requires_grad_()
    (gradient,) = torch.autograd.grad(module(x)[-1].sum(), x)
    reached = gradient.ne(0).all(-1).all(-1)
    assert bool(reached[-field:].all()) and not bool(reached[:-field].any())


@BOTH
def test_the_seed_gives_the_weights_and_no_pass_draws_a_number(kind):
    one, other = made(kind), made(kind)
    close(one.state_dict(), other.state_dict())
    before = torch.random.get_rng_state()
    close(one.train()(inputs()), other.eval()(inputs()))
    assert torch.equal(before, torch.random.get_rng_state())


@BOTH
@pytest.mark.parametrize("steps", [1, 5, T])
def test_every_parameter_has_a_gradient_and_from_more_than_a_step_it_is_not_zero(kind, steps):
    module = made(kind)
    module(inputs(steps)).sin().sum().backward()
    for name, p in module.named_parameters():
        assert p.grad is not None and bool(p.grad.isfinite().all()), name
        assert steps < T or bool(p.grad.any()), name


@BOTH
def test_the_gradient_is_that_of_finite_differences(kind):
    module = made(kind, 2, 3)
    torch.autograd.gradcheck(module, inputs(5).requires_grad_())


@BOTH
def test_it_can_be_copied_pickled_and_run_in_both_precisions(kind):
    module, x = made(kind), inputs()
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        close(twin(x), module(x))
    single = copy.deepcopy(module).float()(x.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single, module(x).float(), rtol=1e-4, atol=1e-5)


@BOTH
@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 19])
def test_any_hidden_size_works(kind, size):
    module = made(kind, 3, size)
    assert module(inputs(9, 3)).shape == (9, B, size) and module.output_size == size


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (Transformer, {"layers": 0}),
        (Transformer, {"heads": 0}),
        (TCN, {"levels": 0}),
        (TCN, {"width": 0}),
        (TCN, {"hidden_size": 0}),
        (Transformer, {"input_size": 0}),
    ],
)
def test_a_size_below_one_is_refused_by_its_name(kind, how):
    (name,) = how
    with pytest.raises(ValueError, match=f"{kind.__name__}: {name} must be at least 1, not 0"):
        made(kind, **how)


# In a model.


@BOTH
@pytest.mark.parametrize(("inputs_", "outputs"), [(2, 1), (10, 10), (8, 4), (4, 30)])
def test_a_budget_of_10000_parameters_is_met_within_5_percent(kind, inputs_, outputs):
    make = partial(Model, inputs_, outputs, kind)
    model = make(hidden_size_for(make, 10_000, "params"))
    assert abs(sum(p.numel() for p in model.parameters()) - 10_000) <= 500


@BOTH
@pytest.mark.parametrize("how", [{}, {"layers": 2, "residual": True}, {"block": Block}])
def test_a_model_of_references_has_no_cell_no_state_and_no_carry(kind, how):
    model = Model(I, 1, kind, H, **how).double()
    out = model(inputs(), torch.tensor([T, 3, 1]))
    assert model.causal and model.cells == () and model.state_size == 0 and model.hidden_size == H
    assert out.prediction.shape == (T, B, 1) and out.carry == out.states == ()
    assert out.backends == ("reference",) * len(model.layers)


@BOTH
def test_a_bare_model_of_a_reference_is_its_head_on_it(kind):
    model, x = Model(I, 1, kind, H).double(), inputs()
    close(model(x).prediction, model.head(model.layers[0](x)))


@BOTH
def test_what_needs_a_recurrence_is_refused_in_one_line(kind):
    model, x = Model(I, 1, kind, H).double(), inputs()
    for how in ({"carry": ()}, {"resets": torch.zeros(T, B, dtype=torch.bool)}):
        with pytest.raises(ValueError, match="without a recurrence takes no carry and no resets"):
            model(x, **how)
    with pytest.raises(ValueError, match=f"two recurrences, and {kind.__name__} is none"):
        Model(I, 1, kind, H, layer=Bidirectional)
    with pytest.raises(ValueError, match=f"backend=loop cannot run {kind.__name__}"):
        Model(I, 1, kind, H, backend="loop")
    with pytest.raises(ValueError, match="has no state; give match=params"):
        hidden_size_for(partial(Model, I, 1, kind), 64, "state")
    with pytest.raises(LonglagError, match="has no recurrence, so no law of a cell"):
        class_at(f"longlag.nn.references.{kind.__name__}")
