"""Layers one upon another compute what the same parts compute by hand."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from longlag.cells import GRU, LSTM, Elman, MinGRU
from longlag.cli.main import main
from longlag.engine import unroll
from longlag.nn.bidirectional import Bidirectional, reverse_in_time
from longlag.nn.causal_conv import CausalConvolution
from longlag.nn.model import Model
from longlag.nn.parameter_matching import hidden_size_for
from longlag.probes.taps import state_gradients
from some_models import KINDS, LENGTHS, B, D, H, I, T, inputs, model_of, same


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cell", [LSTM, GRU, MinGRU])
def test_every_cell_has_a_state_a_carry_and_every_step_an_answer(kind: str, cell: Any):
    model = model_of(cell, **KINDS[kind])
    out = model(inputs(), backend=None if cell is MinGRU else "loop")
    assert out.prediction.shape == (T, B, D)
    assert len(out.carry) == len(out.states) == len(model.cells)
    assert all(s[0].shape == (T, B, H) for s in out.states)
    assert sum(leaf[0].numel() for s in out.carry for leaf in s) == model.state_size


def test_a_model_notes_for_each_cell_the_backend_that_ran_and_not_the_one_that_was_asked_for():
    class Drawn(LSTM):
        def step(self, u: Any, s: Any) -> Any:
            return super().step(u + 0 * torch.rand_like(u), s)

    cells = iter((Drawn, LSTM))
    model = model_of(lambda *sizes: next(cells)(*sizes), layers=2, backend="compiled")
    with pytest.warns(UserWarning, match="Drawn runs on loop"):
        assert model(inputs()).backends == ("loop", "compiled")
    both = model_of(layer=Bidirectional, backend="loop")
    assert both(inputs()).backends == ("loop", "loop")


@pytest.mark.parametrize("backend", ["loop", "auto"])
@pytest.mark.parametrize("kind", KINDS)
def test_padding_changes_no_answer(kind: str, backend: str):
    model, x = model_of(**KINDS[kind]), inputs()
    other = x + 9 * (torch.arange(T)[:, None] >= LENGTHS)[..., None]
    one, two = (model(z, LENGTHS, backend=backend).prediction for z in (x, other))
    for b, end in enumerate(LENGTHS.tolist()):
        alone = model(x[:end, b : b + 1], backend=backend).prediction[:, 0]
        same(one[:end, b], alone)
        same(two[:end, b], alone)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_says_whether_it_sees_what_is_to_come(kind: str):
    model, x = model_of(**KINDS[kind]), inputs()
    later = torch.cat([x[:4], x[4:] + 1])
    one, two = (model(z).prediction[:4] for z in (x, later))
    assert one.equal(two) == model.causal == ("layer" not in KINDS[kind])


@pytest.mark.parametrize("kind", ["stack", "residual", "block", "block_mlp"])
def test_two_halves_with_the_carry_are_one_whole(kind: str):
    model, x = model_of(**KINDS[kind]), inputs()
    first = model(x[:4])
    second = model(x[4:], carry=first.carry)
    same(torch.cat([first.prediction, second.prediction]), model(x).prediction)


@pytest.mark.parametrize("kind", ["bidirectional", "conv"])
def test_what_cannot_be_cut_refuses_a_carry_and_resets(kind: str):
    model, x = model_of(**KINDS[kind]), inputs()
    with pytest.raises(ValueError, match="no carry and no resets"):
        model(x, carry=model(x).carry)
    with pytest.raises(ValueError, match="whole sequences"):
        model(x, resets=torch.zeros(T, B, dtype=torch.bool))


def test_a_stack_of_two_is_one_layer_upon_another():
    model, x = model_of(layers=2), inputs()
    below = unroll(model.cells[0], x).y
    same(model(x).prediction, model.head(unroll(model.cells[1], below).y))


def test_a_residual_layer_adds_its_input_to_its_output_from_the_second_on():
    model, x = model_of(layers=2, residual=True), inputs()
    below = unroll(model.cells[0], x).y
    same(model(x).prediction, model.head(below + unroll(model.cells[1], below).y))


def test_a_convolution_then_an_lstm_is_both_by_hand():
    model, x = model_of(front=partial(CausalConvolution, channels=5, width=3)), inputs()
    front: Any = model.front
    W, b = front.filters.weight, front.filters.bias  # (C,I,width), the last column for x_t
    seen = torch.cat([x.new_zeros(2, B, I), x])
    y = torch.stack([sum(seen[t + k] @ W[:, :, k].T for k in range(3)) + b for t in range(T)])
    same(model(x).prediction, model.head(unroll(model.cells[0], torch.relu(y)).y))


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_torchs_bidirectional_lstm_with_the_same_weights_computes_the_same(lengths: Any):
    model, x = model_of(layers=2, layer=Bidirectional), inputs()
    torchs = nn.LSTM(I, H, 2, bidirectional=True).double()
    weights = []
    for cell in model.cells:
        weights += [cell.W_x.weight, cell.W_h.weight, cell.W_x.bias, torch.zeros(4 * H)]
    with torch.no_grad():
        for theirs, ours in zip(torchs.parameters(), weights, strict=True):
            theirs.copy_(ours)  # pyright: ignore[reportArgumentType]
    if lengths is None:
        y, (h, c) = torchs(x)
    else:
        pack = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        y, (h, c) = torchs(pack)
        y, _ = nn.utils.rnn.pad_packed_sequence(y)
    for backend in ("loop", "fused"):
        out = model(x, lengths, backend=backend)
        same(out.prediction, model.head(y))
        for k, s in enumerate(out.carry):
            same((s.h, s.c), (h[k], c[k]))


def test_a_sequence_reversed_twice_is_itself():
    x = inputs()
    for lengths in (None, LENGTHS):
        assert reverse_in_time(reverse_in_time(x, lengths), lengths).equal(x)
    assert reverse_in_time(x, LENGTHS)[:, 0].equal(torch.cat([x[:4, 0].flip(0), x[4:, 0]]))


@pytest.mark.parametrize("kind", KINDS)
def test_taps_are_the_gradient_of_the_state_of_each_cell(kind: str):
    model, x = model_of(**KINDS[kind]), inputs()

    def loss(out: Any) -> torch.Tensor:
        return out.prediction[-1].sin().sum()

    grads = state_gradients(model, x, loss, lengths=torch.full((B,), T))
    nudge = [type(g)(*(torch.zeros_like(leaf) for leaf in g)) for g in grads]
    for i, g in enumerate(grads):
        t = g.h[:, 1, 2].abs().argmax()  # where it matters most
        found = []
        for sign in (1, -1):
            nudge[i].h[t, 1, 2] = sign * 1e-5
            found.append(loss(model(x, taps=nudge, backend="loop")))
        nudge[i].h[t, 1, 2] = 0
        slope = (found[0] - found[1]) / 2e-5
        torch.testing.assert_close(g.h[t, 1, 2], slope, rtol=1e-5, atol=1e-10)
        assert g.h[t, 1, 2] != 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_budget_of_parameters_is_met(kind: str):
    def make(hidden: int) -> Model:
        return Model(I, D, LSTM, hidden, **KINDS[kind])

    model = make(hidden_size_for(make, 10_000, "params"))
    assert abs(sum(p.numel() for p in model.parameters()) - 10_000) < 1_000


def test_a_model_without_the_new_parts_draws_and_names_the_weights_it_always_did():
    torch.manual_seed(0)
    cells = Elman(I, H), Elman(H, H)
    head = nn.Linear(H, D)
    torch.manual_seed(0)
    model = Model(I, D, Elman, H, 2)
    want = [p for part in (*cells, head) for p in part.parameters()]
    assert all(map(torch.equal, model.parameters(), want))
    assert {name.split(".")[0] for name in model.state_dict()} == {"layers", "head"}


def test_a_residual_sum_of_two_widths_is_refused():
    def uneven(input_size: int, hidden_size: int) -> LSTM:
        return LSTM(input_size, hidden_size + (input_size == H))

    with pytest.raises(ValueError, match="5 outputs cannot be added to its 4 inputs"):
        model_of(uneven, layers=2, residual=True)
    with pytest.raises(ValueError, match="adds nothing to a single layer"):
        model_of(residual=True)


def test_a_filter_has_a_width_and_a_front_a_channel():
    with pytest.raises(ValueError, match="width must be at least 1, not 0"):
        CausalConvolution(2, 3, 0)
    with pytest.raises(ValueError, match="taps has 1 states for 2 cells"):
        model_of(layers=2)(inputs(), taps=[None])


@pytest.mark.parametrize("kind", ["residual", "bidirectional", "conv", "block"])
def test_it_trains_from_the_command_line(kind: str, tmp_path: Any):
    args = f"model={kind} task=digits budget=3000 results={tmp_path} logger=none".split()
    few = ["trainer.max_steps=4", "trainer.validate_every=2", "trainer.batch_size=8"]
    few += ["trainer.validation_size=16", "trainer.test_size=16", "probe.sequences=2"]
    assert main(["train", *args, *few]) == 0
    assert list(tmp_path.rglob("record.json"))
