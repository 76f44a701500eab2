"""The calibration study: how often the verdict is right, on synthetic tasks whose truth is known."""
