"""What changed from an old result to a new one."""

from collections.abc import Iterable, Mapping
from typing import Any

from regchoose.records.answers import Result
from regchoose.records.words import ARMS

RANKS = ("prior", "undecided", "leaning", "firm")  # ascending
FIGURES: tuple[str, ...] = (
    "regularizer",
    "outcome",
    "certainty",
    "safe",
    "probability",
    "gain",
    "l1",
    "l2",
    "strength",
    "alpha",
)
FIGURES += ("nonzero_share", "training")


def changes(old: Result, new: Result) -> dict[str, Any]:
    """Return what changed, as the schema `comparison` names it. An increase is new less old.

    Losses are held against each other only where both predict the same target of the same kind: the unit of a
    log loss and of a standardized square differ. Where the rows differ too, so does what is compared; whether
    the intervals overlap says if the difference may be noise.
    """
    found = {
        **_verdict(old.recommendation, new.recommendation),
        **_losses(old, new),
        **_table(old, new),
        "settings_changed": _differing(old.settings, new.settings),
        "network_changed": old.fingerprint.get("network") != new.fingerprint.get("network"),
        "version_changed": old.regchoose_version != new.regchoose_version,
        "figures": _differing(*({name: r.recommendation[name] for name in FIGURES} for r in (old, new))),
        "arms": _differing(*({str(arm): _loss(r, arm) for arm in ARMS} for r in (old, new))),
    }
    changed = any(value not in (None, 0, []) for name, value in found.items() if name not in _NO_CHANGES)
    return {"ok": True, "schema_version": "1", "changed": changed, **found}


_NO_CHANGES = ("intervals_overlap", "l1_factor", "l2_factor")  # a factor of 1 is no change; figures tell


def _verdict(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "regularizer_changed": old["regularizer"] != new["regularizer"],
        "outcome_changed": old["outcome"] != new["outcome"],
        "certainty_changed": old["certainty"] != new["certainty"],
        "certainty_lower": RANKS.index(new["certainty"]) < RANKS.index(old["certainty"]),
        "safe_increase": _less(new["safe"], old["safe"]),
        "gain_increase": _less(*((side["gain"] or {}).get("value") for side in (new, old))),
        "zeros_increase": _less(old["nonzero_share"], new["nonzero_share"]),
        "l1_factor": new["l1"] / old["l1"] if new["l1"] and old["l1"] else None,
        "l2_factor": new["l2"] / old["l2"] if new["l2"] and old["l2"] else None,
    }


def _losses(old: Result, new: Result) -> dict[str, Any]:
    known = [result.arms.get(result.recommendation["regularizer"]) for result in (old, new)]
    alike = all(old.data[key] == new.data[key] for key in ("target", "task"))
    before, after = known
    if before is None or after is None or not alike:
        return dict.fromkeys(("loss_increase", "loss_increase_share", "intervals_overlap"))
    increase = after["loss"] - before["loss"]
    (low, high), (least, most) = before["interval"], after["interval"]
    return {
        "loss_increase": increase,
        "loss_increase_share": increase / before["loss"] if before["loss"] else None,
        "intervals_overlap": low <= most and least <= high,
    }


def _table(old: Result, new: Result) -> dict[str, Any]:
    before, after = ({column["name"]: column["role"] for column in r.data["columns"]} for r in (old, new))
    lost, come = ([*result.data["warnings"]] for result in (old, new))
    return {
        "data_changed": old.fingerprint["data"] != new.fingerprint["data"],
        "rows_increase": new.data["rows"] - old.data["rows"],
        "columns_added": [name for name in after if name not in before],
        "columns_removed": [name for name in before if name not in after],
        "roles_changed": [
            {"name": name, "old": before[name], "new": role}
            for name, role in after.items()
            if name in before and before[name] != role
        ],
        "target_changed": old.data["target"] != new.data["target"],
        "task_changed": old.data["task"] != new.data["task"],
        "warnings_added": _without(come, lost),
        "warnings_removed": _without(lost, come),
    }


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what differs; what one of them lacks, as an older version does a setting, counts as null."""
    names = [*new, *(name for name in old if name not in new)]
    return [
        {"name": name, "old": old.get(name), "new": new.get(name)}
        for name in names
        if old.get(name) != new.get(name)
    ]


def _loss(result: Result, arm: str) -> float | None:
    figures = result.arms.get(arm)
    return None if figures is None else figures["loss"]


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b


def _without(items: Iterable[str], others: list[str]) -> list[str]:
    return [item for item in items if item not in others]
