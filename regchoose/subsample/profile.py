"""Answers to the questions on prior knowledge, measured on the data (methods, section 5)."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from sklearn.covariance import ledoit_wolf

from regchoose.encoding.encoder import Encoder
from regchoose.encoding.input_plan import InputPlan, plan_inputs
from regchoose.records.subsample import Finding, Profile
from regchoose.records.table import Table
from regchoose.records.words import Float, Int
from regchoose.subsample.association import Associations, cluster_columns, measure_associations, standardize
from regchoose.subsample.detect_image import DetectedImage, detect_image

KAPPA = 30.0  # condition number from which columns count as correlated (Belsley, Kuh & Welsch 1980)
RANK = 0.3  # effective rank, as a share of the columns, under which they do
VIF = 10.0  # of one column: somewhat correlated
PARTNER, PARTNERS = 0.7, 0.2  # so are this share of the columns with a partner at this association
PARTICIPATION = 0.5  # of the columns in the signal, from which it is dense
SPARSE, DENSE = 0.9, 0.5  # shares of zeros
MOST_INPUTS = 500  # beyond, a random choice of the columns is measured
MOST_ROWS = 10_000
COPY_DIGITS = 9  # decimals to which standardized columns are equal that say the same


def measure_profile(table: Table, rows: Int) -> Profile:
    """Measure what the questions on prior knowledge ask.

    Parameters
    ----------
    table : Table
    rows : (n,) ndarray
        Row numbers of the subsample to measure on; of more than 10,000 a random choice is taken.

    Returns
    -------
    Profile
        `correlated` is "unsure" where features are only somewhat correlated, `sparse` where the share
        of zeros lies between its two thresholds.
    """
    if not table.used:
        nothing = Finding("unsure", "No column can be used.", {})
        return Profile(nothing, nothing, nothing, nothing)
    warnings = []
    inputs = len(plan_inputs(table).input_names)
    if inputs > len(rows) and table.image is None:
        warnings.append(
            f"{inputs:,} inputs on {len(rows):,} rows: a linear lasso keeps at most {len(rows):,} of them"
        )
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_ROWS, replace=False))
    narrow = _narrow(table)
    if len(narrow.used) < len(table.used):
        what = "columns" if table.image is None else "pixels"
        warnings.append(
            f"correlations were measured on {len(narrow.used):,} of {len(table.used):,} {what}, "
            "drawn at random"
        )
    pairs = measure_associations(narrow, rows)
    figures = {**_spectrum(narrow, rows), **_partners(pairs)}
    return Profile(
        _correlated(figures, pairs),
        _somewhat_correlated(figures),
        _of_images(table) or _entire_picture(detect_image(table, rows), pairs, has_target=not table.unusable),
        _sparse(table, rows),
        tuple(warnings),
        None if table.image else cluster_columns(pairs, of=len(table.used)),
    )


def _narrow(table: Table) -> Table:
    """Return the table with a random choice of columns that give at most `MOST_INPUTS` inputs.

    Pixels become columns like others: some of them are no image any more.
    """
    table = replace(table, image=None)
    plan, used = plan_inputs(table), table.used
    widths = np.ones(len(used), dtype=np.int64)
    widths[plan.categories] = [len(levels) for levels in plan.levels]
    if widths.sum() <= MOST_INPUTS:
        return table
    order = np.random.default_rng(0).permutation(len(widths))
    kept = np.sort(order[np.cumsum(widths[order]) <= MOST_INPUTS])
    columns = tuple(used[j] for j in kept)
    return replace(table, columns=columns, features=table.features[:, kept])


# ---- correlated ------------------------------------------------------------------------------------


def _spectrum(table: Table, rows: Int) -> dict[str, float]:
    """Condition number, effective rank and largest variance inflation of the coded columns.

    With nearly as many columns as rows even independent ones look ill-conditioned. Two corrections are
    known, both cautious, and the larger figure is taken: the correlations shrunk by Ledoit & Wolf (2004),
    which hides a near copy in small tables; and, with fewer columns than rows, the plain ones less what
    independent columns would show: (1 + √c)/(1 − √c) in the condition number, c = d/n (Marchenko & Pastur
    1967), and the adjusted R² in the variance inflation. Effective rank: exp of the entropy of the shrunk
    eigenvalues' shares (Roy & Vetterli 2007).
    """
    coded = _standardize_inputs(Encoder.fit(table, rows).transform(table, rows)[0], plan_inputs(table))
    n, d = coded.shape
    if d < 2:
        return {"condition_number": 1.0, "effective_rank_share": 1.0, "max_vif": 1.0, "inputs": float(d)}
    plain, vector = np.linalg.eigh(coded.T @ coded / n)
    plain = np.maximum(plain, 1e-12 * plain[-1])
    shrinkage = float(ledoit_wolf(coded, assume_centered=True)[1])
    value = (1 - shrinkage) * plain + shrinkage * plain.mean()
    kappa, inflation = np.sqrt(value[-1] / value[0]), (vector**2 @ (1 / value)).max()
    if d < n - 1:
        noise = np.sqrt(d / n)
        kappa = max(kappa, np.sqrt(plain[-1] / plain[0]) * (1 - noise) / (1 + noise))
        inflation = max(inflation, (vector**2 @ (1 / plain)).max() * (n - 1 - d) / (n - 1))
    share = value / value.sum()
    return {
        "condition_number": float(kappa),
        "effective_rank_share": float(np.exp(-(share * np.log(share)).sum()) / d),
        "max_vif": float(inflation),
        "inputs": float(d),
        "shrinkage": shrinkage,
    }


def _standardize_inputs(x: Float, plan: InputPlan) -> Float:
    """Standardize inputs (n, d); without constants, exact copies, and the commonest level of a category."""
    kept, start = np.ones(x.shape[1], dtype=bool), len(plan.numbers) + len(plan.flagged)
    for levels in plan.levels:
        width = len(levels) if len(levels) != 2 else 1
        if width > 1:
            kept[start + int(x[:, start : start + width].sum(axis=0).argmax())] = False
        start += width
    z = standardize(x[:, kept])
    z = np.ascontiguousarray(z[:, z.any(axis=0)].T)
    if not len(z):
        return z.T
    alike = np.round(z, COPY_DIGITS) + 0.0  # a number and a level that say the same differ in the last bits
    whole = alike.view(np.dtype((np.void, z.itemsize * z.shape[1]))).ravel()
    return z[np.sort(np.unique(whole, return_index=True)[1])].T


def _partners(pairs: Associations) -> dict[str, float]:
    strongest = pairs.pairs.max(axis=1, initial=0.0)
    share = float((strongest >= PARTNER).mean()) if len(strongest) else 0.0
    return {"max_pair": float(strongest.max(initial=0.0)), "partner_share": share}


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _closest(pairs: Associations) -> str:
    if not pairs.pairs.any():
        return "no two columns go together beyond chance"
    a, b = np.unravel_index(int(pairs.pairs.argmax()), pairs.pairs.shape)
    return f"the closest two are {pairs.names[a]} and {pairs.names[b]} (association {pairs.pairs[a, b]:.2f})"


def _correlated(figures: Mapping[str, float], pairs: Associations) -> Finding:
    kappa, rank = figures["condition_number"], figures["effective_rank_share"]
    evidence = (
        f"The condition number is {_short(kappa)} and the effective rank {100 * rank:.0f} % of the inputs "
        f"(correlated from {KAPPA:g}, or under {100 * RANK:.0f} %); {_closest(pairs)}."
    )
    if kappa >= KAPPA or rank < RANK:
        return Finding("yes", evidence, figures)
    somewhat = _somewhat_correlated(figures).answer == "yes"
    return Finding("unsure" if somewhat else "no", evidence, figures)


def _somewhat_correlated(figures: Mapping[str, float]) -> Finding:
    vif, partners = figures["max_vif"], figures["partner_share"]
    strongly = figures["condition_number"] >= KAPPA or figures["effective_rank_share"] < RANK
    evidence = (
        f"The largest variance inflation is {_short(vif)} (somewhat correlated from {VIF:g}), and "
        f"{100 * partners:.0f} % of the columns have a partner with an association of {PARTNER} or more "
        f"(from {100 * PARTNERS:.0f} %)."
    )
    return Finding("yes" if strongly or vif >= VIF or partners >= PARTNERS else "no", evidence, figures)


# ---- the entire picture ----------------------------------------------------------------------------


def _of_images(table: Table) -> Finding | None:
    """Return the answer for images, which are seen as a whole; None for another table."""
    if table.image is None:
        return None
    figures = {"images": float(table.n_all), "pixels": float(table.image.height * table.image.width)}
    return Finding("yes", f"DATA are images ({table.image}), and an image is seen as a whole.", figures)


def _entire_picture(picture: DetectedImage | None, pairs: Associations, *, has_target: bool) -> Finding:
    v = pairs.target
    ratio = float(v.sum() ** 2 / (len(v) * (v**2).sum())) if v.any() else 0.0
    figures = {"participation_ratio": ratio, "associated_share": float((v > 0).mean())}
    if picture is not None:
        figures |= {"neighbours": picture.neighbours, "strangers": picture.strangers}
        what = "the pixels of a picture" if picture.kind == "pixels" else "the points of a signal"
        evidence = (
            f"The {picture.columns} columns {picture.first} to {picture.last} look like {what}: one range, "
            f"and neighbours correlate at {picture.neighbours:.2f} on average, other pairs at "
            f"{picture.strangers:.2f}."
        )
        return Finding("yes", evidence, figures)
    if not has_target:
        return Finding("unsure", "That is seen in a target, and none can be predicted.", figures)
    if not v.any():
        return Finding("no", "No single column goes with the target beyond chance.", figures)
    if len(v) < 2:
        return Finding("no", f"There is one column, {pairs.names[0]}, and so no picture.", figures)
    best = ", ".join(pairs.names[j] for j in np.argsort(-v, kind="stable")[: min(3, int((v > 0).sum()))])
    evidence = (
        f"{(v > 0).sum()} of {len(v)} columns go with the target beyond chance, with a participation ratio "
        f"of {ratio:.2f} (a dense signal from {PARTICIPATION}); foremost: {best}."
    )
    dense = ratio >= PARTICIPATION and (v > 0).sum() > 1  # of two columns, one is half
    return Finding("yes" if dense else "no", evidence, figures)


# ---- sparse ----------------------------------------------------------------------------------------


def _sparse(table: Table, rows: Int) -> Finding:
    """Count the zeros after coding, with numbers as they are (not centred)."""
    plan, values = plan_inputs(table), table.features[rows]
    codes = plan.recode(values)
    zeros = float((values[:, plan.numbers] == 0).sum() + (~np.isnan(values[:, plan.flagged])).sum())
    for j, levels in enumerate(plan.levels):
        zeros += (codes[:, j] == 0).sum() if len(levels) == 2 else len(rows) * (len(levels) - 1)
    share = zeros / (len(rows) * len(plan.input_names))
    figures = {"zero_share": float(share)}
    evidence = (
        f"{100 * share:.0f} % of the values are zero after coding "
        f"(sparse from {100 * SPARSE:.0f} %, dense under {100 * DENSE:.0f} %)."
    )
    if share >= SPARSE:
        return Finding("yes", evidence, figures)
    return Finding("no" if share < DENSE else "unsure", evidence, figures)
