"""Layers one upon another compute what the same parts compute by hand."""

import copy
import pickle
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from longlag.cells import GRU, LRU, LSTM, SCRN, Elman, MinGRU
from longlag.cli.main import main
from longlag.engine import unroll
from longlag.nn.bidirectional import Bidirectional, turn
from longlag.nn.block import Block
from longlag.nn.causal_conv import CausalConvolution
from longlag.nn.model import Model
from longlag.nn.parameter_matching import hidden_size_for
from longlag.probes.taps import state_gradients
from longlag.tasks import Adding

T, B, I, H, D = 9, 3, 2, 4, 2
LENGTHS = torch.tensor([4, T, 1])
KINDS: dict[str, dict[str, Any]] = {
    "stack": {"layers": 2},
    "residual": {"layers": 3, "residual": True},
    "bidirectional": {"layers": 2, "layer": Bidirectional},
    "both": {"layers": 2, "layer": Bidirectional, "residual": True},
    "block": {"layers": 2, "block": Block},
    "block_mlp": {"layers": 2, "block": partial(Block, mixer="mlp")},
    "conv": {"layers": 2, "front": partial(CausalConvolution, channels=5, width=3)},
}


def model_of(cell: Any = LSTM, **how: Any) -> Model:
    torch.manual_seed(0)
    return Model(I, D, cell, H, **how).double()


def inputs() -> torch.Tensor:
    rng = torch.Generator().manual_seed(1)
    return torch.randn(T, B, I, dtype=torch.double, generator=rng)


def same(one: Any, other: Any) -> None:
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


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


def test_a_block_is_its_equation_by_hand():
    """With a glu as Orvieto et al. draw it, with an mlp as Feng et al. do."""
    x = inputs()
    for mixer in ("glu", "mlp"):
        model = model_of(layers=1, block=partial(Block, mixer=mixer))
        block: Any = model.blocks[0]  # pyright: ignore
        z = x @ model.encoder.weight.T + model.encoder.bias  # pyright: ignore
        centred = z - z.mean(-1, keepdim=True)
        seen = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
        y = unroll(model.cells[0], seen).y
        if mixer == "glu":
            a, b = (gelu(y) @ block.mix.weight.T + block.mix.bias).chunk(2, -1)
            z = z + a * torch.sigmoid(b)
        else:
            z = z + y
            z = z + block.mix(z)
        same(model(x).prediction, model.head(z))


def gelu(a: torch.Tensor) -> torch.Tensor:
    return a * (1 + torch.erf(a / 2**0.5)) / 2


def superposition_error(model: Model) -> float:
    """How far f(x + y) - f(0) is from f(x) - f(0) + f(y) - f(0), at the last step."""
    x, y = inputs(), inputs().flip(0)
    zero, one, two, both = (model(z).prediction[-1].detach() for z in (0 * x, x, y, x + y))
    return float(((both - zero) - (one - zero) - (two - zero)).abs().max() / both.abs().max())


@pytest.mark.parametrize("layers", [1, 3])
def test_an_lru_is_linear_from_end_to_end_unless_it_stands_in_a_block(layers: int):
    assert superposition_error(model_of(LRU, layers=layers)) < 1e-12
    assert superposition_error(model_of(LRU, layers=layers, block=Block)) > 1e-3


def test_a_block_lets_an_lru_solve_what_no_affine_map_of_the_sequence_can():
    """The best affine map of the whole adding sequence has an MSE of 1/6 - 1/(3T)."""
    task = Adding(length=10)
    torch.manual_seed(0)
    model = Model(2, 1, LRU, 16, 2, block=Block)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for k in range(300):
        batch = task.batch("train", 0, k, 64)
        loss = (model(batch.x).prediction[-1] - batch.target[-1]).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    batch = task.batch("validation", 0, 0, 1000)
    error = (model(batch.x).prediction[-1] - batch.target[-1]).square().mean()
    assert error < (1 / 6 - 1 / 30) / 2


@pytest.mark.parametrize("kind", ["stack", "residual", "bidirectional", "block", "block_mlp"])
def test_the_masks_of_dropout_follow_from_the_seed_of_the_weights_alone(kind: str):
    x, found = inputs(), []
    for noise in (0, 7):
        model = model_of(dropout=0.5, **KINDS[kind])
        torch.rand(noise)  # another module's draws
        state = torch.get_rng_state()
        found.append(torch.stack([model(x).prediction, model(x).prediction]))
        assert torch.get_rng_state().equal(state)
    assert found[0].equal(found[1]) and not found[0][0].equal(found[0][1])


def test_dropout_goes_on_from_where_a_copy_or_a_state_dict_was_taken():
    model, x = model_of(dropout=0.5, **KINDS["stack"]), inputs()
    model(x)
    kept, twin = copy.deepcopy(model.state_dict()), pickle.loads(pickle.dumps(model))
    y = model(x).prediction
    model.load_state_dict(kept)
    assert model(x).prediction.equal(y) and twin(x).prediction.equal(y)
    bare = {name: value for name, value in kept.items() if "extra" not in name}
    model.load_state_dict(bare)  # weights alone are enough


def test_dropout_does_not_move_the_weights_that_a_seed_gives():
    dry, wet = (dict(model_of(dropout=p, layers=2).named_parameters()) for p in (0.0, 0.5))
    assert all(map(torch.equal, dry.values(), wet.values()))


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"block": partial(Block, mixer="moe")}, "mixer must be glu or mlp, not 'moe'"),
        ({"block": partial(Block, expansion=3)}, "only mixer=mlp has one, not 3"),
        ({"block": Block, "layers": 2, "residual": True}, "leave residual away"),
        ({"block": partial(Block, mixer="mlp"), "cell": SCRN}, "cell's 8 outputs are added to its"),
        ({"dropout": 1.0}, r"dropout must lie in \[0, 1\), not 1.0"),
    ],
)
def test_a_block_that_cannot_be_is_refused(how: dict[str, Any], why: str):
    with pytest.raises(ValueError, match=why):
        model_of(**how)


def test_turning_twice_is_not_turning():
    x = inputs()
    for lengths in (None, LENGTHS):
        assert turn(turn(x, lengths), lengths).equal(x)
    assert turn(x, LENGTHS)[:, 0].equal(torch.cat([x[:4, 0].flip(0), x[4:, 0]]))


def test_dropout_is_between_layers_alone_and_in_training_alone():
    x = inputs()
    for layers in (1, 2):
        model = model_of(layers=layers, dropout=0.5)
        one, two = model(x).prediction, model(x).prediction
        assert one.equal(two) == (layers == 1)
        assert model.eval()(x).prediction.equal(model_of(layers=layers)(x).prediction)


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
