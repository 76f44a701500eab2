"""The two charts, as literals.

`WHICH_REGULARIZER` is the flowchart of "Which regularizer do I need for training my neural network?",
`THREE_QUESTIONS` puts the questions of "What are L1, L2 and Elastic Net Regularization in neural networks?"
in order (both MachineCurve, 2020). Where an article leaves something open, `source` says what was decided.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from regchoose.flowchart.nodes import Chart, Place, Question, by_key
from regchoose.flowchart.shared_nodes import DRAW_SUBSAMPLE, EXPERIMENT, OUTCOMES, WHICH, shared_places

WHAT_ARE = "What are L1, L2 and Elastic Net Regularization in neural networks? (MachineCurve, 2020)"
MEASURED = "measure it on the data"

# ---- the first chart --------------------------------------------------------------------------------

WHICH_REGULARIZER = Chart(
    name="which-regularizer",
    title="Which regularizer do I need for training my neural network?",
    source=WHICH,
    start="subsample_possible",
    nodes=by_key(
        Question(
            key="subsample_possible",
            text="Can you take a subsample with the same distribution (sample mean and sample variance)?",
            short="A subsample like the whole?",
            why="An experiment on fewer rows is cheap enough to try several regularizers. It carries over to "
            "the whole table only if the rows look alike.",
            source=WHICH,
            arrows={"yes": "draw_subsample", "no": "prior_knowledge"},
            answers={
                "yes": "draw one",
                "no": "do without an experiment",
                "auto": "draw one if it can be proved to match",
            },
            setting="subsample",
        ),
        DRAW_SUBSAMPLE,
        Question(
            key="resources",
            text="Do you have resources available for validation?",
            short="Resources for validation?",
            why="The experiment costs time: many small networks are trained. Without it, what is known about "
            "the data has to do.",
            source=f"{WHICH}; unattended, the estimated time is held against the budget by our decision",
            arrows={"yes": "train_baseline", "no": "prior_knowledge"},
            answers={
                "yes": "run the experiment",
                "no": "do without an experiment",
                "auto": "run it if its estimated time fits the budget",
            },
            setting="resources",
        ),
        *EXPERIMENT,
        Question(
            key="prior_knowledge",
            text="Do you have prior knowledge about the data set?",
            short="Prior knowledge about the data?",
            why="Without an experiment, knowing how the features relate still points to a place to start. "
            "What is not known can be measured on the data.",
            source=f"{WHICH}; the arrow for no stands only in its picture",
            arrows={"yes": "correlated", "no": "start_elastic_net"},
            answers={
                "yes": "answer two questions about the features, or have them measured",
                "no": "nothing is known, and nothing is to be measured",
            },
            setting="prior_knowledge",
        ),
        Question(
            key="correlated",
            text="Are your features correlated?",
            short="Correlated features?",
            why="Health measurements such as BMI and blood pressure are: each says something, and so does "
            "their interplay, which L1 may drop. Against the article's arrow, Zou & Hastie (2005) made "
            "Elastic Net for just such correlated groups.",
            source=f"{WHICH}; measuring it, with its thresholds, is our decision",
            arrows={"yes": "start_l2", "no": "entire_picture"},
            answers={
                "yes": "they rise and fall together",
                "no": "most go their own way",
                "unsure": MEASURED,
            },
            setting="correlated",
        ),
        Question(
            key="entire_picture",
            text='Do you need the "entire picture"?',
            short="The entire picture needed?",
            why="A pixel of an image says little by itself; only all of them together do. L1 would remove "
            "some of them.",
            source=f"{WHICH}; measuring it, with its thresholds, is our decision",
            arrows={"yes": "start_l2", "no": "start_l1"},
            answers={
                "yes": "the features count together, as pixels or a signal do",
                "no": "a few features may be enough",
                "unsure": MEASURED,
            },
            setting="entire_picture",
        ),
        *OUTCOMES,
    ),
    places={
        "subsample_possible": Place(1, 0),
        "draw_subsample": Place(1, 1),
        "resources": Place(1, 2),
        **shared_places(first_row=3),
        "prior_knowledge": Place(3, 3),
        "correlated": Place(3, 4),
        "entire_picture": Place(3, 5),
    },
    lanes={
        ("subsample_possible", "no"): 3,
        ("prior_knowledge", "no"): 3.6,
        ("correlated", "yes"): 1.55,
        ("entire_picture", "yes"): 1.65,
        ("entire_picture", "no"): 2.85,
    },
)

# ---- the second chart -------------------------------------------------------------------------------

THREE_QUESTIONS = Chart(
    name="three-questions",
    title="Should I start with L1, L2 or Elastic Net regularization?",
    source=WHAT_ARE,
    start="regularization_needed",
    nodes=by_key(
        Question(
            key="regularization_needed",
            text="Do you need regularization at all?",
            short="Regularization needed at all?",
            why="A network may not improve with it where the data are sparse and well normalized already. If "
            "that is known beforehand, there is nothing to choose.",
            source=f"{WHAT_ARE}; not knowing counts as yes by our decision",
            arrows={"yes": "sparse", "unsure": "sparse", "no": "start_none"},
            answers={
                "yes": "the network overfits without it",
                "unsure": "go on as if it were needed",
                "no": "it is known to bring nothing here",
            },
            setting="needs_regularization",
        ),
        Question(
            key="sparse",
            text="Is the data set very sparse already?",
            short="Very sparse data?",
            why="Where most values are zero, L1 has little left to remove, and L2 may be the better choice.",
            source=f"{WHAT_ARE}; measuring it, with its thresholds, is our decision",
            arrows={"yes": "start_l2", "no": "many_correlations", "unsure": "validation"},
            answers={
                "yes": "nearly all values are zero",
                "no": "it is dense",
                "unsure": f"{MEASURED}; between the thresholds, validate",
            },
            setting="sparse",
        ),
        Question(
            key="many_correlations",
            text="Does the data set have a large number of pairwise correlations?",
            short="Many pairwise correlations?",
            why="What is smeared out over correlated features gets lost when L1 drops some of them. Elastic "
            "Net was made for correlated groups (Zou & Hastie 2005), but this article chooses L2 here.",
            source=f"{WHAT_ARE}; measuring it, with its thresholds, is our decision",
            arrows={"yes": "start_l2", "no": "start_l1", "unsure": "validation"},
            answers={
                "yes": "many features rise and fall together",
                "no": "most go their own way",
                "unsure": f"{MEASURED}; between the thresholds, validate",
            },
            setting="correlated",
        ),
        Question(
            key="validation",
            text="Do you have room for validation?",
            short="Room for validation?",
            why="What the data do not tell, an experiment may: a regularizer that fails on a representative "
            "part will hardly work on the whole.",
            source=f"{WHAT_ARE}; the experiment is the other article's, by our decision",
            arrows={"yes": "draw_subsample", "no": "at_limit"},
            answers={
                "yes": "run the experiment",
                "no": "do without an experiment",
                "auto": "run it if its estimated time fits the budget",
            },
            setting="resources",
        ),
        replace(DRAW_SUBSAMPLE, then="train_baseline"),  # `validation` has asked for the resources already
        *EXPERIMENT,
        Question(
            key="at_limit",
            text="Is your hardware at its limit already?",
            short="Hardware at its limit?",
            why="Elastic Net costs more than L1 or L2 alone, since two strengths are tuned. That rarely "
            "matters, but at the edge it does.",
            source=WHAT_ARE,
            arrows={"yes": "additional_knowledge", "no": "start_elastic_net"},
            answers={"yes": "choose between L1 and L2", "no": "Elastic Net can be afforded"},
            setting="at_limit",
        ),
        Question(
            key="additional_knowledge",
            text="Do the features correlate at least somewhat?",
            short="Features somewhat correlated?",
            why="Elastic Net is too expensive here, so it is L1 or L2. Any sign of features that belong "
            "together speaks for L2, which keeps them.",
            source=f'{WHAT_ARE}; it asks for "additional knowledge", and which one is our decision',
            arrows={"yes": "start_l2", "no": "start_l1"},
            answers={
                "yes": "some rise and fall together",
                "no": "they go their own ways",
                "unsure": f"{MEASURED}; somewhat counts as yes",
            },
            setting="correlated",
        ),
        *OUTCOMES,
    ),
    places={
        "regularization_needed": Place(1, 0),
        "sparse": Place(1, 1),
        "many_correlations": Place(2.2, 2),
        "validation": Place(1, 3),
        "draw_subsample": Place(1, 4),
        **shared_places(first_row=5),
        "at_limit": Place(3.5, 4),
        "additional_knowledge": Place(3.5, 5),
    },
    lanes={
        ("regularization_needed", "no"): -0.6,
        ("sparse", "yes"): -0.45,
        ("sparse", "unsure"): 1,
        ("many_correlations", "yes"): 1.55,
        ("additional_knowledge", "yes"): 1.65,
        ("many_correlations", "no"): 2.85,
        ("additional_knowledge", "no"): 2.95,
        ("at_limit", "no"): 4.1,
    },
)

CHARTS: Mapping[str, Chart] = MappingProxyType({c.name: c for c in (WHICH_REGULARIZER, THREE_QUESTIONS)})
