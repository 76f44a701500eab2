"""The devices that trainings can run on; loads PyTorch."""

from regchoose.training.visible import visible

__all__ = ["visible"]
