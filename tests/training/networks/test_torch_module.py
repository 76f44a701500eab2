"""Any module, many at once, against the built-in mlp, plain PyTorch and a loop over single models."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import weight_norm as former_weight_norm

from regchoose.errors import TrainingError, UsageError
from regchoose.records.words import Task
from regchoose.training.deterministic import quiet_modules
from regchoose.training.loss import n_outputs, row_loss
from regchoose.training.networks.mlp import Mlp
from regchoose.training.networks.output_range import warn_of_outputs
from regchoose.training.networks.torch_module import ModuleNetwork, module_network
from regchoose.training.parameters import Parameters
from regchoose.training.train import Training, train
from tests.training.networks import good
from tests.training.problems import TASKS, block_result, cell, points, training

M, N, D = 3, 8, 6
Make = Callable[..., nn.Module]
MODULES: list[Make] = [
    good.mlp,
    good.convolution,
    good.dropout,
    good.batch_norm,
    good.layer_norm,
    good.Attention,
    good.Embedding,
    good.Tied,
]
CASES = [(make, task) for make in MODULES for task in TASKS] + [(good.flat, TASKS[0])]  # flat has one output


def of(
    make: Make, *, d: int = D, k: int = 1, penalize: tuple[str, ...] = (), **options: object
) -> ModuleNetwork:
    return module_network(lambda: make(d, k, **options), n_inputs=d, n_outputs=k, penalize=penalize)


def starts(network: ModuleNetwork | Mlp, m: int = M, *, alike: bool = False) -> Parameters:
    """M models."""
    rows = [network.initial(np.random.default_rng(0 if alike else seed)) for seed in range(m)]
    return Parameters.of_rows(network, torch.as_tensor(np.stack(rows), dtype=torch.float32))


def batch(task: Task, *, m: int = M, shared: bool = False) -> tuple[Tensor, Tensor]:
    """Rows of their own for each model, or the same for all: (m or 1, n, d), (m or 1, n)."""
    rng = np.random.default_rng(5)
    x = torch.as_tensor(rng.standard_normal((m, N, D)), dtype=torch.float32)
    y = torch.as_tensor(rng.integers(0, 3 if task == "multiclass" else 2, (m, N))).float()
    return (x[:1], y[:1]) if shared else (x, y)


def gradient_of(
    network: ModuleNetwork | Mlp, parameters: Parameters, task: Task, *, shared: bool = False
) -> Tensor:
    gradient = parameters.like()
    x, y = batch(task, m=parameters.n_models, shared=shared)
    network.program(parameters.tensors, gradient.tensors, n_rows=N).write_gradient(task, x, y)
    return gradient.rows()


def loaded(network: ModuleNetwork, make: Make, row: Tensor, *, k: int) -> nn.Module:
    """A plain module with a model's parameters."""
    module = make(D, k)
    module(torch.randn(N, D))  # lazy layers take shape
    tensors = dict(module.named_parameters()) | dict(module.named_buffers())
    with torch.no_grad():
        for part in network.layout.trained + network.layout.carried:
            tensors[part.name].copy_(part.view(row[None])[0])
    return module


# ---- as the mlp, as PyTorch, as a loop --------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("shared", [True, False])
def test_a_sequence_of_layers_is_the_mlp(task: Task, shared: bool) -> None:
    """The orders differ by nothing: both have the weights first, then the biases, layer by layer."""
    k = n_outputs(task, 3)
    theirs, ours = of(good.mlp, k=k, width=5), Mlp((D, 5, k))
    names = [part.name for part in theirs.layout.trained]
    assert names == ["0.weight", "2.weight", "0.bias", "2.bias"]
    assert (theirs.n_penalized, theirs.n_parameters) == (ours.n_penalized, ours.n_parameters)
    parameters = starts(ours)
    torch.testing.assert_close(
        gradient_of(theirs, parameters, task, shared=shared),
        gradient_of(ours, parameters, task, shared=shared),
    )
    x, _ = batch(task, shared=shared)
    tensors = parameters.tensors
    torch.testing.assert_close(theirs.outputs(tensors, x), ours.outputs(tensors, x))
    tensors[0][0, :, 2] = 0
    assert theirs.nonzero_inputs(tensors).tolist() == ours.nonzero_inputs(tensors).tolist() == [5, 6, 6]


@pytest.mark.parametrize(("make", "task"), CASES, ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.parametrize("batched", [True, False], ids=["batched", "one by one"])
def test_outputs_and_gradients_are_pytorchs_own(task: Task, make: Make, batched: bool) -> None:
    k = n_outputs(task, 3)
    with quiet_modules():
        network = replace(of(make, k=k), batched=batched)
        network = replace(network, random=False) if make is not good.dropout else network
        parameters, (x, y) = starts(network), batch(task)
        begun, outputs = parameters.rows(), network.outputs(parameters.tensors, x)
        gradient = gradient_of(network, parameters, task)
    for model in range(M):
        module = loaded(network, make, begun[model], k=k).eval()
        torch.testing.assert_close(outputs[model], module(x[model]).reshape(N, k).T)
        if make is good.dropout:
            continue
        module.train()
        loss = row_loss(task, module(x[model]).reshape(N, k).T[None], y[model][None]).mean()
        tensors = dict(module.named_parameters())
        slopes = torch.autograd.grad(loss, [tensors[part.name] for part in network.layout.trained])
        for part, wanted in zip(network.layout.trained, slopes, strict=True):
            torch.testing.assert_close(part.view(gradient)[model], wanted, rtol=1e-4, atol=1e-5)


def test_models_draw_the_same_dropout_batched_or_not_and_other_ones_at_each_step() -> None:
    network = of(good.dropout)
    assert network.random
    alike = starts(network, alike=True)
    found = {}
    for batched in (True, False):
        gradient = alike.like()
        program = replace(network, batched=batched).program(alike.tensors, gradient.tensors, n_rows=N)
        x, y = batch("regression", shared=True)
        state, steps = torch.get_rng_state(), []
        for _ in range(2):
            program.write_gradient("regression", x, y)
            steps.append(gradient.rows())
        assert torch.equal(torch.get_rng_state(), state)
        torch.testing.assert_close(steps[0][0], steps[0][2])
        assert not torch.allclose(steps[0], steps[1])
        found[batched] = steps
    for one, other in zip(found[True], found[False], strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(
    ("make", "batched"),
    [(good.batch_norm, True), (good.batch_norm, False), (good.averaging_norm, False)],
    ids=["batched", "one by one", "averaging, one by one"],
)
def test_each_model_has_its_own_running_statistics(make: Make, batched: bool) -> None:
    network = replace(of(make), batched=batched)
    parameters = starts(network)
    gradient, begun, (x, y) = parameters.like(), parameters.rows(), batch("regression")
    program = network.program(parameters.tensors, gradient.tensors, n_rows=N)
    for _ in range(2):
        program.write_gradient("regression", x, y)
    assert [part.name for part in network.layout.carried] == [
        "1.running_mean", "1.running_var", "1.num_batches_tracked",
    ]  # fmt: skip
    for model in range(M):
        module = loaded(network, make, begun[model], k=1).train()
        for _ in range(2):
            module(x[model])
        for part in network.layout.carried:
            wanted = module.get_buffer(part.name).float()
            torch.testing.assert_close(part.view(parameters.rows())[model], wanted)
            assert not part.view(gradient.rows()).any()
    program = network.program(parameters.tensors, gradient.tensors, n_rows=1)  # one cannot be normalized
    program.write_gradient("regression", x[:, :1], y[:, :1])
    assert torch.isfinite(gradient.flat).all()


def test_initial_parameters_are_the_modules_own_and_follow_the_generator() -> None:
    network = of(good.Attention)
    state = torch.get_rng_state()
    first, again, other = (network.initial(np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.tobytes() == again.tobytes()
    assert torch.equal(torch.get_rng_state(), state)
    parts = {part.name: part for part in network.layout.trained}
    assert not first[parts["attention.in_proj_bias"].start : parts["attention.in_proj_bias"].end].any()
    weights = parts["place"]
    assert (first != other)[weights.start : weights.end].all()


def test_frozen_tensors_stay_and_constants_take_no_room() -> None:
    network = of(good.Named, input_names=tuple("abcdef"))
    assert [part.name for part in network.layout.carried] == ["frozen.weight", "frozen.bias"]
    assert "gates" in [part.name for part in network.layout.free]
    plan = training("regression")
    result = block_result(replace(plan, network=network), [cell("regression", d=D)], points((0.01, 0.01)))
    assert not result.failed.any()


def test_inputs_that_are_looked_up_count_as_used() -> None:
    network = of(good.Embedding)
    assert network.unseen == 1
    parameters = starts(network)
    head = [slot.name for slot in network.slots].index("head.weight")
    parameters.tensors[head][:, :, -2:] = 0
    assert network.nonzero_inputs(parameters.tensors).tolist() == [4, 4, 4]


@pytest.mark.parametrize("batched", [True, False], ids=["batched", "one by one"])
@pytest.mark.parametrize("shared", [True, False])
def test_a_network_may_write_into_its_rows_and_they_stay(batched: bool, shared: bool) -> None:
    network = replace(of(good.WritesInPlace), batched=batched)
    parameters, (x, _) = starts(network), batch("regression", shared=shared)
    kept, first = x.clone(), network.outputs(parameters.tensors, x)
    gradient_of(network, parameters, "regression", shared=shared)
    torch.testing.assert_close(network.outputs(parameters.tensors, x), first)
    assert torch.equal(x, kept)
    module = loaded(network, good.WritesInPlace, parameters.rows()[1], k=1)
    torch.testing.assert_close(first[1], module(kept[-1 if shared else 1]).T)


# ---- the penalty -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "penalized"),
    [
        (good.mlp, {"0.weight", "2.weight"}),
        (good.convolution, {"1.weight", "5.weight"}),
        (good.batch_norm, {"0.weight", "3.weight"}),
        (good.layer_norm, {"0.weight", "3.weight"}),
        (good.Embedding, {"codes.weight", "head.weight"}),
        (
            good.Attention,
            {
                "tokens.weight",
                "place",
                "attention.in_proj_weight",
                "attention.out_proj.weight",
                "head.weight",
            },
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_weights_are_penalized_and_never_biases_or_normalizations(make: Make, penalized: set[str]) -> None:
    assert {part.name for part in of(make).layout.penalized} == penalized


@pytest.mark.parametrize(
    ("patterns", "penalized"),
    [
        (("0.*",), ["0.weight"]),
        (("*",), ["0.weight", "2.weight"]),
        (("2.weight", "0.weight"), ["0.weight", "2.weight"]),
    ],
)
def test_patterns_choose_among_the_weights(patterns: tuple[str, ...], penalized: list[str]) -> None:
    assert [part.name for part in of(good.mlp, penalize=patterns).layout.penalized] == penalized


def test_a_pattern_names_a_vector_of_weights_too() -> None:
    network = of(good.Named, penalize=("gates",), input_names=tuple("abcdef"))
    assert [part.name for part in network.layout.penalized] == ["gates"]


@pytest.mark.parametrize("pattern", ["conv*", "0.bias", "weight"])
def test_a_pattern_that_matches_nothing_lists_the_names(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"matches none .*: 0.weight, 2.weight") as caught:
        of(good.mlp, penalize=("0.*", pattern))
    assert (caught.value.code, caught.value.fix) == ("E202", "--penalize '0.weight'")


@pytest.mark.parametrize("make", [good.mlp, good.convolution, good.Attention], ids=lambda make: make.__name__)
def test_the_penalty_applies_just_there_and_zeros_are_exact(make: Make) -> None:
    data, strong = [cell("regression", d=D)], points((0.0, 0.0), (10.0, 0.0))
    everything = of(make)
    name = everything.layout.penalized[-1].name
    network = of(make, penalize=(name,))
    with quiet_modules():
        plan = replace(training("regression", epochs=15, lr=0.1), network=network)
        chosen = block_result(plan, data, strong).weights[0]
        every = block_result(replace(plan, network=everything), data, strong).weights[0]
    assert chosen.shape[1] == network.layout.penalized[0].end < every.shape[1]
    assert not chosen[1].any()
    assert chosen[0].all()
    assert not every[1].any()


# ---- in a run ----------------------------------------------------------------------------------------


def test_layers_that_are_never_used_are_not_penalized() -> None:
    network = of(good.Unused)
    assert "unused.weight" not in [slot.name for slot in network.layout.penalized]
    said = [line for line in network.remarks if "depends on" in line]
    assert said == ["No output of the network depends on unused.weight, unused.bias: they are not penalized."]
    assert not any("depends on" in line for line in of(good.Attention).remarks)


def test_a_penalty_that_only_rescales_is_told() -> None:
    (said,) = (line for line in of(good.Unused).remarks if "normalizes" in line)
    assert said.startswith("The network normalizes weights (normed, scaled): ")
    with pytest.warns(FutureWarning):  # PyTorch's former one
        old = of(lambda d, k: nn.Sequential(former_weight_norm(nn.Linear(d, 3)), nn.Linear(3, k)))
    assert any(line.startswith("The network normalizes weights (0): ") for line in old.remarks)


@pytest.mark.parametrize("make", [good.Unused, good.Tied, good.batch_norm, good.convolution])
def test_its_tensors_load_strictly(make: Make) -> None:
    network = of(make)
    parameters = starts(network)
    row = parameters.rows()[1].numpy()
    module = make(D, 1).eval()
    module(torch.zeros(2, D))  # lazy layers take shape
    tensors = {name: torch.as_tensor(array) for name, array in network.state_dict(row).items()}
    module.load_state_dict(tensors, strict=True)
    x = torch.randn(N, D)
    with quiet_modules():
        outputs = network.outputs(parameters.of(slice(1, 2)), x[None])[0].T
    if make is not good.Unused:  # whose frozen layer is drawn anew
        assert torch.allclose(module(x), outputs, atol=1e-6)


BOUNDS = {
    "sum to 1, as after a softmax": (nn.Softmax(1), 3),
    "lie in [0, 1], as after a sigmoid": (nn.Sigmoid(), 3),
    "lie in [−1, 1], as after a tanh": (nn.Tanh(), 2),
    "never negative, as after a ReLU": (nn.Softplus(), 1),
    "the same whatever its inputs": (nn.Softmax(1), 1),
}


@pytest.mark.parametrize("said", BOUNDS)
def test_outputs_that_are_confined_are_told(said: str) -> None:
    last, k = BOUNDS[said]
    assert said in warn_of_outputs(lambda: good.ending_in(last, D, k), n_inputs=D)


def test_outputs_that_only_begin_within_bounds_are_not() -> None:
    def zeros(k: int) -> nn.Module:  # as many begin their last layer
        module = good.mlp(D, k)
        assert isinstance(module, nn.Sequential)
        last = module[-1]
        assert isinstance(last, nn.Linear)
        nn.init.zeros_(last.weight)
        nn.init.constant_(last.bias, 0.5)
        return module

    for k in (1, 3):
        assert warn_of_outputs(lambda k=k: zeros(k), n_inputs=D) == ""  # type: ignore[misc]  # bound at once
        for make in MODULES:
            assert warn_of_outputs(lambda make=make, k=k: make(D, k), n_inputs=D) == ""  # type: ignore[misc]
    assert warn_of_outputs(lambda: good.ending_in(nn.Identity(), D, 2), n_inputs=D) == ""
    assert warn_of_outputs(lambda: good.ending_in(nn.LogSoftmax(1), D, 2), n_inputs=D) == ""


def small(task: Task, make: Make, *, d: int = D, jobs: int = 1, **changes: object) -> Training:
    network = replace(of(make, d=d, k=n_outputs(task, 3)), **changes)  # type: ignore[arg-type]  # by name
    return replace(training(task, epochs=4, jobs=jobs), network=network)


@pytest.mark.parametrize("task", TASKS)
def test_the_mlp_as_a_module_learns_what_the_mlp_learns(task: Task) -> None:
    """From other starts, so to about the same loss."""
    data, none = [cell(task, d=D, seed=seed) for seed in range(4)], points((0.0, 0.0))
    plan = training(task, epochs=25, lr=0.03, d=D)
    own = train(plan, data, none).losses["train"][:, 0, -1].mean()
    as_module = train(replace(plan, network=of(good.mlp, k=n_outputs(task, 3))), data, none)
    assert as_module.losses["train"][:, 0, -1].mean() == pytest.approx(own, rel=0.25)


@pytest.mark.parametrize("make", [good.mlp, good.dropout, good.batch_norm], ids=lambda make: make.__name__)
def test_jobs_change_no_bit(make: Make) -> None:
    data, grid = [cell("regression", d=D, seed=seed) for seed in range(6)], points(*[(0.01, 0.0)] * 16)
    one, three = (train(small("regression", make, jobs=jobs), data, grid) for jobs in (1, 3))
    for name in one.losses:
        assert one.losses[name].tobytes() == three.losses[name].tobytes()


def test_one_at_a_time_gives_about_the_same_and_says_so() -> None:
    data, grid = [cell("regression", d=D)], points((0.0, 0.0), (0.01, 0.01))
    batched = train(small("regression", good.mlp), data, grid)
    alone = train(small("regression", good.mlp, batched=False, note="one at a time"), data, grid)
    np.testing.assert_allclose(alone.losses["test"], batched.losses["test"], rtol=1e-3)
    assert (batched.note, alone.note) == ("", "one at a time")


@pytest.mark.parametrize(
    ("make", "named"), [(good.layer_norm, ["(1)"]), (good.batch_norm, ["(1)"]), (good.mlp, [])]
)
def test_a_normalization_is_warned_of(make: Make, named: list[str]) -> None:
    warnings = of(make).warnings
    assert len(warnings) == len(named)
    assert all(name in warning for name, warning in zip(named, warnings, strict=True))


def test_a_network_that_prints_is_not_heard_while_it_trains(capsys: pytest.CaptureFixture[str]) -> None:
    plan = small("regression", good.Printing)
    capsys.readouterr()
    train(plan, [cell("regression", d=D)], points((0.0, 0.0)))
    assert capsys.readouterr().out == ""


def test_a_network_that_raises_on_the_real_rows_is_shown_with_its_line() -> None:
    file = Path(good.__file__)
    data = cell("regression", d=D)
    data.x[0, 0] = 1000.0
    with pytest.raises(
        TrainingError, match="raises while it is trained: IndexError: index out of range"
    ) as caught:
        train(small("regression", good.Lookup, file=file), [data], points((0.0, 0.0)))
    assert caught.value.code == "E511"
    assert caught.value.where.startswith(f"{file}:")
    assert caught.value.where.endswith(", in forward")
