"""Which devices PyTorch sees, and why not others."""

from typing import Any

import torch


def visible() -> dict[str, Any]:
    """Return the CUDA devices with their memory in GiB, why there are none, and PyTorch's threads."""
    found: dict[str, Any] = {"threads": torch.get_num_threads(), "cuda": [], "why": ""}
    if torch.version.cuda is None:
        found["why"] = f"PyTorch {torch.__version__} is built without CUDA"
    elif not torch.cuda.is_available():
        found["why"] = f"PyTorch is built for CUDA {torch.version.cuda}, and sees no driver or no card"
    else:
        for index in range(torch.cuda.device_count()):
            card = torch.cuda.get_device_properties(index)
            found["cuda"].append({"name": card.name, "memory_gib": round(card.total_memory / 2**30, 1)})
    return found
