import doctest
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regchoose.records.words import ARMS
from regchoose.report import numbers
from regchoose.report.as_markdown import as_markdown
from regchoose.report.safe_text import ascii_only, plain
from regchoose.report.terminal import capture_text, render_as_text, render_result
from regchoose.report.verdict_text import write_headline
from regchoose.result.document import RunResult
from tests.report.results import FIRM, PRIOR, UNDECIDED, altered

AT_80 = """\
Use a penalty: L1, L2 and Elastic Net do equally well here, and 6.1 % better
than none.
Start with Elastic Net · l1 = 0.0021 · l2 = 0.0086 · about 40 epochs · firm: 97
% safe
Predicting progression (a number) from 442 rows.
squared error 6.1 % under none [3.8, 8.3] · 31 % of the weights exactly zero
warning: 2 rows are duplicates

     arm           loss  its interval                  l1      l2  zeros   time
     none         0.561             ──────●──────       –       –    0 %  0.4 s
     L1           0.529   ──────●──────            0.0030       –   44 %  3.1 s
     L2           0.534    ──────●───────               –   0.010    0 %  2.9 s
  →  Elastic Net  0.527  ──────●──────             0.0021  0.0086   31 %  6.0 s
     l1 and l2 as trained, on 353 rows

The way through the chart
  1  Can you take a subsample with the same distribution?
     yes · measured · all 442 rows
  2  Do you have resources available for validation?
     yes · your answer · about 12 s of 5 min
  3  How does Elastic Net perform against the baseline?
     better · trained · −0.034 ± 0.012
  4  How does L1 perform against Elastic Net?
     worse · trained · +0.002 ± 0.004; no practical difference: 93 %
  →  Start with Elastic Net

Beyond the chart
  –  L2 was trained too: alike (P = .81), and simpler by one strength.
  –  The length belongs to it: 100 epochs of Adam, 128 rows a step, rate 0.003
     falling to 0 as a cosine, stopped after epoch 40.
  –  The strengths are for all 442 rows: found on 353 as l1 = 0.0024, l2 =
     0.011, and moved (l2 falls as 1/n, l1 as its square root).
  –  In the article's words: strength 0.011 and alpha 0.8 (alpha 1 is Ridge, 0
     is Lasso).

Next   regchoose recommend data/diabetes.csv -o result.json
       regchoose export result.json --to pytorch
       regchoose report result.json -o report.html
"""
AT_40 = """\
Use a penalty: L1, L2 and Elastic Net do
equally well here, and 6.1 % better than
none.
Start with Elastic Net · l1 = 0.0021 ·
l2 = 0.0086 · about 40 epochs · firm: 97
% safe
Predicting progression (a number) from
442 rows.
squared error 6.1 % under none [3.8,
8.3] · 31 % of the weights exactly zero
warning: 2 rows are duplicates

     arm           loss  zeros
     none         0.561    0 %
     L1           0.529   44 %
     l1 0.0030
     L2           0.534    0 %
     l2 0.010
  →  Elastic Net  0.527   31 %
     l1 0.0021
     l2 0.0086
     l1 and l2 as trained, on 353 rows

The way through the chart
  1  Can you take a subsample with the
     same distribution?
     yes · measured · all 442 rows
  2  Do you have resources available for
     validation?
     yes · your answer · about 12 s of 5
     min
  3  How does Elastic Net perform
     against the baseline?
     better · trained · −0.034 ± 0.012
  4  How does L1 perform against Elastic
     Net?
     worse · trained · +0.002 ± 0.004;
     no practical difference: 93 %
  →  Start with Elastic Net

Beyond the chart
  –  L2 was trained too: alike (P =
     .81), and simpler by one strength.
  –  The length belongs to it: 100
     epochs of Adam, 128 rows a step,
     rate 0.003 falling to 0 as a
     cosine, stopped after epoch 40.
  –  The strengths are for all 442 rows:
     found on 353 as l1 = 0.0024, l2 =
     0.011, and moved (l2 falls as 1/n,
     l1 as its square root).
  –  In the article's words: strength
     0.011 and alpha 0.8 (alpha 1 is
     Ridge, 0 is Lasso).

Next   regchoose recommend
       data/diabetes.csv -o result.json
       regchoose export result.json --to
       pytorch
       regchoose report result.json -o
       report.html
"""
UNDECIDED_80 = """\
L1 or none: 208 rows cannot tell them apart.
If you must choose: L1 · l1 = 0.0030 · about 40 epochs · undecided: 71 % safe
Predicting progression (a number) from 442 rows.
The difference (0.011 ± 0.016) is within what chance may make.
squared error 6.1 % under none [3.8, 8.3] · 31 % of the weights exactly zero
"""
PRIOR_ASCII = """\
L2, from prior knowledge: nothing was trained.
prior: right in at most 60 % of such cases
Correlated features speak for L2; begin with strengths from 0.001 to 1.
Predicting progression (a number) from 442 rows.
warning: 2 rows are duplicates

The way through the chart
  1  Are your features correlated?
     yes | measured | condition number 48
  >  Start with L2

Beyond the chart
  -  No experiment was run; --subsample yes --resources yes asks for one.

Next   regchoose recommend --subsample=yes --resources=yes data/diabetes.csv
       regchoose recommend data/diabetes.csv -o result.json
       regchoose report result.json -o report.html
"""


@pytest.mark.parametrize(
    ("result", "width", "in_ascii", "expected"),
    [
        pytest.param(FIRM, 80, False, AT_80, id="firm, 80 columns"),
        pytest.param(FIRM, 40, False, AT_40, id="firm, 40 columns"),
        pytest.param(PRIOR, 80, True, PRIOR_ASCII, id="prior knowledge, ASCII"),
    ],
)
def test_the_whole_text(result: RunResult, width: int, in_ascii: bool, expected: str) -> None:
    assert render_as_text(result, width=width, in_ascii=in_ascii) == expected


def test_an_undecided_answer_is_an_answer() -> None:
    assert render_as_text(UNDECIDED, width=80, brief=True) == UNDECIDED_80


def safe_arms(**safe: float) -> dict[str, Any]:
    """Return what says how safe each arm is."""
    return {
        "arms": {arm: {"safe": share} for arm, share in safe.items()},
        "recommendation": {
            "as_good": [arm for arm, share in safe.items() if share >= 0.8],
            "worse": [arm for arm, share in safe.items() if share <= 0.05],
        },
    }


HEADLINES = [
    ("Any of the four does: they make no practical difference here.", (0.9, 0.9, 0.9, 0.99)),
    ("No penalty is needed: none and Elastic Net do equally well here; L1 is worse.", (0.9, 0.02, 0.5, 0.99)),
    ("No penalty is needed: none does as well as any; L1 is worse.", (0.95, 0.01, 0.2, 0.3)),
    ("Use no penalty: L1, L2 and Elastic Net all do worse.", (0.99, 0.01, 0.01, 0.01)),
    ("Use a penalty: L2 and Elastic Net do equally well here, and 6.1 % better than none; L1 is worse.",
     (0.01, 0.02, 0.9, 0.99)),
    ("L1 and L2 do equally well here; none may do as well.", (0.3, 0.9, 0.9, 0.5)),
    ("Use L2: it does 6.1 % better than none.", (0.01, 0.3, 0.9, 0.5)),
    ("Use L2; Elastic Net is worse; none may do as well.", (0.3, 0.3, 0.9, 0.01)),
    ("L2 or L1: 442 rows cannot tell them apart; none is worse.", (0.01, 0.6, 0.7, 0.5)),
]  # fmt: skip


@pytest.mark.parametrize(("headline", "safe"), HEADLINES, ids=[text for text, _ in HEADLINES])
def test_the_headline_is_about_the_set(headline: str, safe: tuple[float, ...]) -> None:
    of = safe_arms(**dict(zip(ARMS, safe, strict=True)))
    best = max(ARMS, key=lambda arm: safe[ARMS.index(arm)])
    of["recommendation"] |= {"regularizer": best}
    assert write_headline(altered(FIRM, **of)) == headline


def test_an_arm_that_is_worse_is_never_recommended_without_saying_so_first() -> None:
    of = safe_arms(none=0.01, l1=0.02, l2=0.97, elastic_net=0.3)
    of["recommendation"] |= {"regularizer": "l1", "chart_outcome": "start_l1", "certainty": "undecided"}
    shown = render_as_text(altered(FIRM, **of), width=100, brief=True).splitlines()
    assert shown[0] == "The chart ends at L1, but L2 is better here."


def test_where_the_chart_is_not_followed_the_answer_says_why() -> None:
    of = safe_arms(none=0.01, l1=0.02, l2=0.97, elastic_net=0.3)
    of["recommendation"] |= {"regularizer": "l2", "chart_outcome": "start_l1", "follows_chart": False}
    shown = render_as_text(altered(FIRM, **of), width=100, brief=True)
    assert "The chart ends at L1, which is worse (2 % safe), so L2 is recommended in its place." in shown


def test_what_must_be_known_comes_first() -> None:
    def first(caution: str, **more: Any) -> str:
        return write_headline(altered(FIRM, recommendation={"caution": caution}, **more))

    mean = "Nothing here predicts the target: no network does better than its mean."
    shares = "Nothing here predicts the target: no network does better than the class shares."
    assert first("nothing") == mean
    assert first("nothing", data={"task": "binary"}) == shares
    assert first("leak") == "A column gives the target away (see the warnings), so nothing here is sure."
    lost = {arm: {"loss": 0.0005} for arm in ARMS}
    perfect = "The target is predicted without loss: look for columns that give it away."
    assert first("leak", arms=lost) == perfect
    shown = render_as_text(
        altered(FIRM, recommendation={"caution": "leak", "certainty": "leaning"}, design={"firm_from": 0.95}),
        width=100,
    )
    assert "It is not called firm, because something gives the target away." in shown


def test_an_uncalibrated_certainty_says_so() -> None:
    shown = render_as_text(altered(FIRM, recommendation={"calibrated": False}), width=100)
    assert "The certainty is uncalibrated: such runs were not held against tables" in shown


def test_leaning_at_96_per_cent_says_why() -> None:
    between = altered(
        FIRM, recommendation={"certainty": "leaning", "safe": 0.96}, design={"firm_from": 0.975}
    )
    assert "Firm would be from 97.5 % here" in render_as_text(between, width=100)


def test_the_verdict_alone() -> None:
    assert render_as_text(FIRM, width=80, brief=True) == "".join(AT_80.splitlines(keepends=True)[:6])


def test_ascii_has_the_same_lines() -> None:
    in_ascii = render_as_text(FIRM, width=80, in_ascii=True)
    assert in_ascii.isascii()
    assert len(in_ascii.splitlines()) == len(AT_80.splitlines())


@pytest.mark.parametrize("result", [FIRM, UNDECIDED, PRIOR], ids=["firm", "undecided", "prior"])
@pytest.mark.parametrize("width", [20, 21, 40, 59, 76, 80, 100, 300])
def test_no_line_is_wider_than_the_terminal(result: RunResult, width: int) -> None:
    assert max(map(len, render_as_text(result, width=width).splitlines())) <= width


def test_no_regularization_has_no_strengths() -> None:
    advice = {"regularizer": "none", "l1": 0.0, "l2": 0.0, "nonzero_share": 1.0}
    _, second, *_ = render_as_text(altered(FIRM, recommendation=advice), width=100).splitlines()
    assert second == "Start with no regularization · about 40 epochs · firm: 97 % safe"


def test_a_loss_is_no_gain() -> None:
    advice = {"gain": {"value": -0.012, "interval": [-0.03, 0.006]}}
    assert "squared error 1.2 % over none [−0.6, 3]" in render_as_text(
        altered(FIRM, recommendation=advice), width=80
    )


def test_no_gain_is_beyond_the_whole_loss() -> None:
    advice = {"gain": {"value": 0.46, "interval": [-0.21, 1.14]}}
    assert "46 % under none [−21, 100]" in render_as_text(altered(FIRM, recommendation=advice), width=80)


def test_the_bars_give_way_to_what_must_be_read() -> None:
    slow = {"arm_seconds": {arm: 725.0 for arm, _ in FIRM.arms.items()}}
    arms = {arm: {"l1": 1.23e-05, "l2": 4.56e-05} for arm, _ in FIRM.arms.items()}
    shown = render_as_text(altered(FIRM, execution=slow, arms=arms), width=80)
    (line,) = (line for line in shown.splitlines() if line.startswith("  →  Elastic Net  0.527"))
    assert line.endswith("12 min 5 s")
    assert len(line) <= 80


def test_what_is_next_names_the_file_that_was_written() -> None:
    shown = "\n".join(
        capture_text(render_result(FIRM, width=100, saved="a b.json"), width=100).splitlines()[-1:]
    )
    assert shown == (
        "Next   regchoose export 'a b.json' --to pytorch     regchoose report 'a b.json' -o report.html"
    )


def test_a_doubtful_answer_is_followed_by_a_thorough_run_with_the_same_settings() -> None:
    settings = {"preset": "quick", "epochs": 40, "network": "linear"}
    shown = render_as_text(altered(UNDECIDED, settings=settings), width=100)
    again = "Next   regchoose recommend --preset=thorough --network=linear data/diabetes.csv\n"
    assert again in shown
    thorough = render_as_text(altered(UNDECIDED, settings={**settings, "preset": "thorough"}), width=100)
    assert again not in thorough


def test_an_estimate_stands_with_the_answer_that_it_decided() -> None:
    measured = {**dict(FIRM.path[2]), "answered_by": "measured", "evidence": "it fits in the budget of 10m"}
    execution = {"estimates": {"seconds": 12.3}}
    shown = render_as_text(altered(FIRM, path=(measured,), execution=execution), width=80)
    assert "     yes · measured · it fits in the budget of 10m · about 12 s\n" in shown
    assert "about 12 s\n" not in render_as_text(
        altered(FIRM, execution=execution, path=FIRM.path[:1]), width=80
    )


def test_a_partial_answer_says_so() -> None:
    assert "warning: this answer is partial" in render_as_text(altered(FIRM, partial=True), width=80)


def test_failed_arms_have_dashes() -> None:
    failed = {"loss": math.nan, "interval": [math.nan, math.nan], "nonzero_share": None}
    line = next(
        line
        for line in render_as_text(altered(FIRM, arms={"l1": failed}), width=80).splitlines()
        if line.startswith("     L1")
    )
    assert line.split() == ["L1", "–", "0.0030", "–", "–", "3.1", "s"]


HOSTILE = "[bold]x[/bold] \x1b[31mred\x1b]0;title\x07 \u202e<script>alert(1)</script>\n\x00end"


def test_text_from_data_is_inert() -> None:
    data = {"path": HOSTILE, "warnings": [HOSTILE]}
    step = {**dict(FIRM.path[0]), "evidence": HOSTILE, "text": HOSTILE}
    shown = render_as_text(altered(FIRM, data=data, path=(step,)), width=300)
    assert "warning: [bold]x[/bold] red <script>alert(1)</script> end" in shown
    assert (
        shown.count("[bold]x[/bold]") == 5
    )  # the warning, the question and the end, the evidence, a command
    assert not {"\x1b", "\x00", "\u202e", "\x07"} & set(shown)


@given(st.text())
def test_plain_text_is_one_short_printable_line(wild: str) -> None:
    line = plain(wild)
    assert len(line) <= 200
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in line)
    assert plain(line) == line


@given(st.text())
def test_ascii_is_ascii(wild: str) -> None:
    assert ascii_only(wild).isascii()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("a\x1b[1;31mb\x1b[0mc", "abc"),
        ("a\x1b]8;;http://x\x1b\\b", "ab"),
        ("a\x9b31mb", "ab"),
        ("tab\tline\nend", "tab line end"),
        ("x" * 300, "x" * 199 + "…"),
        (3.5, "3.5"),
    ],
)
def test_escape_sequences_go(raw: object, expected: str) -> None:
    assert plain(raw) == expected


def test_the_examples_of_numbers_hold() -> None:
    tried = doctest.testmod(numbers)
    assert tried.attempted >= 6
    assert tried.failed == 0


@given(st.floats(min_value=1e-12, max_value=1e12))
def test_a_strength_keeps_two_digits(value: float) -> None:
    assert float(numbers.strength(value)) == pytest.approx(value, rel=0.051)


@given(st.floats(min_value=1e-12, max_value=1e12))
def test_a_loss_keeps_three_digits(value: float) -> None:
    assert float(numbers.loss(value)) == pytest.approx(value, rel=0.0051)


@given(st.floats())
def test_numbers_never_fail(value: float) -> None:
    for write in (numbers.strength, numbers.loss, numbers.percent, numbers.duration):
        assert write(value)


def test_columns_that_are_not_used_are_named() -> None:
    columns = [
        column("age", "numeric", type="integer"),
        column("name", "text", why="90 different texts in 90 cells"),
        column("price", "text", why="260 different texts in 300 cells"),
        column("flag", "constant", why="every cell is 'x'"),
        column("seen", "date", date={"order": "ISO8601", "clock": False, "parts": {"seen.month": "month"}}),
        column("told", "date"),
        column("hidden", "excluded", why="by --exclude"),
        column("progression", "target", type="number"),
        column("seen.month", "numeric", type="number"),
    ]
    said = "Not used: name, price (free text), flag (one value), told (dates)."
    for known in (FIRM, PRIOR):
        result = altered(known, data={"columns": columns})
        text = render_as_text(result, width=100)
        assert "Predicting progression (a number) from 2 columns and 442 rows.\n" + said in text
        assert said in as_markdown(result)
        assert "2 of 7 columns used" in as_markdown(result)
    many = [column(f"note {place}", "text") for place in range(30)]
    text = render_as_text(altered(FIRM, data={"columns": many}), width=300)
    assert "note 11 (free text), 18 more.\n" in text


def column(name: str, role: str, *, type: str = "text", why: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, "role": role, "type": type, "why": why, "missing": 0, **more}
