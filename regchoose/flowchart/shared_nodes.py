"""The part that both charts share: the experiment, and the outcomes."""

from regchoose.flowchart.nodes import Action, Outcome, Place, Question

WHICH = "Which regularizer do I need for training my neural network? (MachineCurve, 2020)"

DRAW_SUBSAMPLE = Action(
    key="draw_subsample",
    text="Draw a subsample, and prove that it matches the whole table",
    why="The experiment trains many networks, so it works on fewer rows. What it finds holds for the whole "
    "table only where the subsample resembles it.",
    source=WHICH,
    then="resources",
)

EXPERIMENT = (
    Action(
        key="train_baseline",
        text="Train without regularization on the subsample; evaluate on test rows",
        why="Whether a regularizer helps can only be said against a network that has none. It is judged on "
        "rows that it has not seen.",
        source=WHICH,
        then="train_elastic_net",
    ),
    Action(
        key="train_elastic_net",
        text="Train with L1 + L2 (Elastic Net), and tune its strengths",
        why="It combines both penalties, so it is the first to be tried. An untuned strength would say more "
        "about the guess than about the regularizer.",
        source=WHICH,
        then="elastic_net_vs_baseline",
    ),
    Question(
        key="elastic_net_vs_baseline",
        text="How does Elastic Net perform against no regularization?",
        short="Elastic Net better than none?",
        why="If both penalties together help, perhaps L1 alone is enough. If they hurt, L1 is the likelier "
        "culprit, and L2 is tried alone.",
        source=f"{WHICH}; no practical difference counts as worse by our decision, since none is free",
        arrows={"better": "train_l1", "worse": "train_l2"},
        answers={
            "better": "its loss on test rows is lower",
            "worse": "its loss on test rows is not lower, or the two are established to be equivalent",
        },
    ),
    Action(
        key="train_l1",
        text="Train with L1 alone, and tune its strength",
        why="L1 has one strength to choose instead of two, and it sets weights to exactly zero.",
        source=WHICH,
        then="l1_vs_elastic_net",
    ),
    Question(
        key="l1_vs_elastic_net",
        text="How does L1 perform against Elastic Net?",
        short="L1 better than Elastic Net?",
        why="Elastic Net has just beaten the baseline. If L1 alone does better still, its L2 part is not "
        "needed.",
        source=f"{WHICH}; the lower mean plus one standard error answers",
        arrows={"better": "start_l1", "worse": "start_elastic_net"},
        answers={
            "better": "its loss on test rows is lower",
            "worse": "its loss on test rows is not lower",
        },
    ),
    Action(
        key="train_l2",
        text="Train with L2 alone, and tune its strength",
        why="L2 shrinks weights without removing any, so it keeps what L1 may have thrown away.",
        source=WHICH,
        then="l2_vs_baseline",
    ),
    Question(
        key="l2_vs_baseline",
        text="How does L2 perform against no regularization?",
        short="L2 better than none?",
        why='The label in the article\'s picture compares with "L1+L2". Elastic Net has just lost, so a win '
        "over it could still be a loss against no regularization: L2 is compared with the baseline.",
        source=f"{WHICH}; its text leaves open what L2 is compared with, and the baseline is our decision; "
        "no practical difference counts as worse",
        arrows={"better": "start_l2", "worse": "start_none"},
        answers={
            "better": "its loss on test rows is lower",
            "worse": "its loss on test rows is not lower, or the two are established to be equivalent",
        },
    ),
)

OUTCOMES = (
    Outcome(
        key="start_l1",
        text="Start with L1",
        why="L1 (Lasso) charges for the size of each weight and sets those that do not contribute to exactly "
        "zero: a small model for information that sits in a few features.",
        source=WHICH,
        regularizer="l1",
    ),
    Outcome(
        key="start_l2",
        text="Start with L2",
        why="L2 (Ridge) charges for the square of each weight: all get small, none is dropped. That suits "
        "information spread over many features.",
        source=WHICH,
        regularizer="l2",
    ),
    Outcome(
        key="start_elastic_net",
        text="Start with Elastic Net (L1 + L2)",
        why="Elastic Net mixes both penalties and can turn into either, so it is the broadest place to start "
        "from, at the price of a second strength to tune.",
        source=WHICH,
        regularizer="elastic_net",
    ),
    Outcome(
        key="start_none",
        text="Start without regularization",
        why="A penalty that does not lower the loss on unseen rows only adds something to tune.",
        source=WHICH,
        regularizer="none",
    ),
)


def shared_places(*, first_row: float) -> dict[str, Place]:
    """Return where drawings put the experiment, which starts in `first_row`, and the outcomes below it."""
    places = {
        "train_baseline": Place(1, 0),
        "train_elastic_net": Place(1, 1),
        "elastic_net_vs_baseline": Place(1, 2),
        "train_l2": Place(0.5, 3),
        "train_l1": Place(2.25, 3),
        "l2_vs_baseline": Place(0.5, 4),
        "l1_vs_elastic_net": Place(2.25, 4),
        "start_none": Place(0, 5),
        "start_l2": Place(1, 5),
        "start_l1": Place(2, 5),
        "start_elastic_net": Place(3, 5),
    }
    return {key: Place(column, first_row + row) for key, (column, row) in places.items()}
