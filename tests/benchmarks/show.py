"""The figures as tables on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

NAMES = {"ours": "regchoose", "skorch": "skorch", "sklearn": "scikit-learn (L2)", "loop": "PyTorch loop"}


def show(found: Mapping[str, Any], console: Console) -> None:
    """Print everything of a run of the benchmark."""
    for part, how in found["measured"].items():
        machine = how["machine"]
        console.print(
            f"{part.replace('_', ' ')}: {machine['processor']}, {machine['cores']} cores, {how['date']}, "
            f"load before {how['load_before']:.1f}; "
            + ", ".join(f"{name} {version}" for name, version in how["versions"].items())
        )
    for table in found.get("same_work", ()):
        console.print(_same_work(table))
    if "whole_experiment" in found:
        console.print(_experiments(found["whole_experiment"]))
    if "growth" in found:
        console.print(_growth(found["growth"]))
    if "quality" in found:
        console.print(_quality(found["quality"]))
    if "memory" in found:
        console.print(_memory(found["memory"]))
    for key, value in found.items():
        if isinstance(value, float):
            console.print(f"{key}: {value:.2f}")


def _same_work(found: Mapping[str, Any]) -> Table:
    title = (
        f"Same work: {found['rows']:,} × {found['features']}, {found['task']}, {found['fits']} fits of "
        f"{found['epochs']} epochs; {found['share_of_matmul_peak']:.0%} of torch.mm's "
        f"{found['matmul_gflops']:.0f} GFLOP/s"
    )
    table = Table(
        "", "seconds", "fits/s", "times ours", "fits timed", "points tried", "test loss", title=title
    )
    for name, own in found["contenders"].items():
        table.add_row(
            NAMES[name],
            f"{own['seconds_all_fits']:.1f}",
            f"{own['fits_a_second']:.1f}",
            f"{own['times_ours']:.1f}",
            str(own["fits_timed"]),
            str(own["points_tried"]),
            f"{own['test_loss']:.4f}",
        )
    return table


def _experiments(experiments: list[Mapping[str, Any]]) -> Table:
    table = Table("table", "fits", "", "seconds", "times ours", title="Whole experiment")
    for found in experiments:
        for name, seconds in found["seconds"].items():
            ours = name == "ours"
            table.add_row(
                f"{found['rows']:,} × {found['features']}" if ours else "",
                str(found["fits_of_ours"] if ours else found["fits_of_peers"]),
                NAMES[name],
                f"{seconds:.1f}",
                f"{seconds / found['seconds']['ours']:.1f}",
            )
    return table


def _growth(growth: Mapping[str, Any]) -> Table:
    table = Table("", "sizes", "seconds", "exponent", title="Growth of ours")
    for name, curve in growth.items():
        sizes, seconds = curve["sizes"], [f"{value:.2f}" for value in curve["seconds"]]
        table.add_row(name, " ".join(map(str, sizes)), " ".join(seconds), f"{curve['exponent']:.2f}")
    return table


def _quality(quality: Mapping[str, Any]) -> str:
    return (
        f"Quality: racing changes the mean test loss by {quality['mean_difference']:+.2g} ± "
        f"{quality['standard_error']:.2g} on {quality['tables']} tables (mean {quality['mean_loss']:.3f})."
    )


def _memory(memory: Mapping[str, Any]) -> str:
    own = memory["experiment"]
    peaks = ", ".join(f"{NAMES[name]} {peak:.0f}" for name, peak in memory["same_work"].items())
    rows, features = memory["same_work_rows_and_features"]
    return (
        f"Peak memory: experiment on {own['rows']:,} × {own['features']}: {own['peak_mib']:.0f} MiB; same "
        f"work on {rows:,} × {features}, MiB: {peaks}."
    )
