"""Where models are trained."""

import re

import torch

from regchoose.errors import ResourceError, UsageError


def choose_device(name: str) -> torch.device:
    """Return the device called auto, cpu, cuda or cuda:N.

    Raises
    ------
    UsageError
        E202 where the name is none of these.
    ResourceError
        E401 where that device is not there.
    """
    match = re.fullmatch(r"auto|cpu|cuda(?::([0-9]{1,9}))?", name)
    if not match:
        raise UsageError("E202", f"--device {name}: wanted auto, cpu, cuda or cuda:N", fix="--device auto")
    present = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if present else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    count = torch.cuda.device_count() if present else 0
    # torch.device keeps the index in eight bits, so it is compared before: cuda:128 would read as -128.
    if int(match[1] or 0) >= count:
        raise ResourceError(
            "E401",
            f"--device {name}: {count} CUDA devices are visible to PyTorch {torch.__version__}",
            fix="--device cpu, or --device auto to take what is there",
        )
    return torch.device("cuda") if match[1] is None else torch.device("cuda", int(match[1]))
