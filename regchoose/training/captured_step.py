"""A step of training as one CUDA graph: its operations one by one would leave the card idle."""

from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import Tensor

from regchoose.errors import is_lack_of_memory

WARM_UP = 2  # steps before the capture, in which libraries set themselves up
NOT_CAPTURED = (
    "the network cannot be captured as a CUDA graph, so its steps are launched one operation at a time"
)


class CapturedStep:
    """A step that is captured at its first call and replayed from then on, or taken as it is if that fails.

    Parameters
    ----------
    step : callable
        Of tensors whose shapes never change; it reads nothing back from the card.
    state : sequence of Tensor
        What it changes and builds on: put back after the steps that warm it up.
    noted : callable
        Told where it cannot be captured.
    """

    def __init__(
        self, step: Callable[..., None], state: Sequence[Tensor], *, noted: Callable[[str], None]
    ) -> None:
        self._step, self._state, self._noted = step, state, noted
        self._inputs: list[Tensor] = []
        self._replay: Callable[[], None] | None = None

    def __call__(self, *inputs: Tensor) -> None:
        """Take the step."""
        if self._replay is None:
            self._replay = self._capture(inputs)
        for place, tensor in zip(self._inputs, inputs, strict=True):
            place.copy_(tensor)
        self._replay()

    def _capture(self, inputs: Sequence[Tensor]) -> Callable[[], None]:
        self._inputs = [tensor.clone(memory_format=torch.contiguous_format) for tensor in inputs]
        before = [tensor.clone() for tensor in self._state]
        aside = _stream(self._inputs[0].device)
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UP):
                self._step(*self._inputs)
        torch.cuda.current_stream().wait_stream(aside)
        for tensor, value in zip(self._state, before, strict=True):
            tensor.copy_(value)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"):
                self._step(*self._inputs)
        except RuntimeError as error:
            if is_lack_of_memory(error):
                raise
            self._noted(NOT_CAPTURED)
            return lambda: self._step(*self._inputs)
        return graph.replay


@cache
def _stream(device: torch.device) -> torch.cuda.Stream:
    """Return the stream in which steps are captured: one, since libraries keep memory for each."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
