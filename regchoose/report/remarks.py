"""What a reader should be told of a result, apart from the answer."""

from regchoose.records.answers import Result
from regchoose.records.words import ARM_NAMES


def remarks(result: Result) -> list[str]:
    """Return the warnings of a result, those of the answer first."""
    partial = ["this answer is partial: the run was cut short"] if result.partial else []
    edge = [
        f"{name} found its strength at the edge of the grid"
        for arm, name in ARM_NAMES.items()
        if result.arms.get(arm, {}).get("at_grid_edge")
    ]
    return [*partial, *edge, *result.data["warnings"]]
