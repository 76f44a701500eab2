import doctest
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regchoose.records import numbers
from regchoose.records.words import ARMS
from regchoose.report import line_wrap
from regchoose.report.as_markdown import as_markdown
from regchoose.report.path_text import summarize_comparison
from regchoose.report.safe_text import ascii_only, plain
from regchoose.report.terminal import list_next, render_as_text
from regchoose.report.verdict_text import STYLES, choose_style, list_reasons
from regchoose.result.document import RunResult
from regchoose.result.headline import write_headline
from tests.report.results import FIRM, PRIOR, UNDECIDED, altered


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
    ("Any of the four does, and no penalty is the simplest: they make no practical difference here.",
     (0.9, 0.9, 0.9, 0.99)),
    ("No penalty is needed: Elastic Net does no better; L1 is worse.", (0.9, 0.02, 0.5, 0.99)),
    ("No penalty is needed: the network does as well without; L1 is worse.", (0.95, 0.01, 0.2, 0.3)),
    ("Use no penalty: L1, L2 and Elastic Net all do worse.", (0.99, 0.01, 0.01, 0.01)),
    ("Use a penalty: L2 and Elastic Net do equally well here, and 6.1 % better than none; L1 is worse.",
     (0.01, 0.02, 0.9, 0.99)),
    ("L1 and L2 do equally well here; whether any penalty is needed stays open.", (0.3, 0.9, 0.9, 0.5)),
    ("Use L2: it does 6.1 % better than none.", (0.01, 0.3, 0.9, 0.5)),
    ("L2 does as well as any; Elastic Net is worse; whether any penalty is needed stays open.",
     (0.3, 0.3, 0.9, 0.01)),
    ("L2 or L1: 442 rows cannot tell them apart; no penalty and Elastic Net are worse.",
     (0.01, 0.6, 0.7, 0.05)),
    ("L2, L1 or no penalty: 442 rows cannot tell them apart; Elastic Net is worse.", (0.2, 0.6, 0.7, 0.05)),
    ("Undecided: 442 rows cannot tell the four apart.", (0.2, 0.6, 0.7, 0.3)),
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
    assert shown[0] == "The chart ends at L1, but L2 does better here."


def test_where_the_chart_is_not_followed_the_answer_says_why() -> None:
    of = safe_arms(none=0.01, l1=0.02, l2=0.97, elastic_net=0.3)
    of["recommendation"] |= {"regularizer": "l2", "chart_outcome": "start_l1", "follows_chart": False}
    shown = render_as_text(altered(FIRM, **of), width=100, brief=True)
    assert "The chart ends at L1, which is only 2 % sure to be as good as any: L2 is surer." in shown


def test_what_must_be_known_comes_first() -> None:
    def first(caution: str, **more: Any) -> str:
        return write_headline(altered(FIRM, recommendation={"caution": caution}, **more))

    mean = "Nothing here predicts progression: no network does better than its mean."
    shares = "Nothing here predicts progression: no network does better than the class shares."
    assert first("nothing") == mean
    assert first("nothing", data={"task": "binary"}) == shares
    assert first("leak") == "A column gives progression away (see the warnings), so nothing here is sure."
    named = "The column copy gives progression away, so nothing here is sure."
    assert first("leak", data={"leaks": ["copy"]}) == named
    two = "The column copy and 1 other column give progression away, so nothing here is sure."
    assert first("leak", data={"leaks": ["copy", "id"]}) == two
    lost = {arm: {"loss": 0.0005} for arm in ARMS}
    perfect = "progression is predicted without loss: look for columns that give it away."
    assert first("leak", arms=lost) == perfect


def test_a_leak_is_left_out_by_the_next_command() -> None:
    leaking = altered(FIRM, recommendation={"caution": "leak"}, data={"leaks": ["a b"]})
    assert list_next(leaking)[0] == "regchoose recommend '--exclude=a b' data/diabetes.csv -o result.json"


def test_an_uncalibrated_certainty_says_so() -> None:
    shown = render_as_text(altered(FIRM, recommendation={"calibrated": False}), width=100)
    assert "These percentages are uncalibrated: such runs were not checked on tables" in shown


def test_leaning_at_96_per_cent_says_why() -> None:
    between = altered(
        FIRM, recommendation={"certainty": "leaning", "safe": 0.96}, design={"firm_from": 0.975}
    )
    assert "Firm would be from 97.5 % here" in render_as_text(between, width=100)


def test_the_verdict_alone() -> None:
    whole = render_as_text(FIRM, width=80)
    assert render_as_text(FIRM, width=80, brief=True) == "".join(whole.splitlines(keepends=True)[:5])


def test_ascii_has_the_same_lines() -> None:
    in_ascii = render_as_text(FIRM, width=80, in_ascii=True)
    assert in_ascii.isascii()
    assert len(in_ascii.splitlines()) == len(render_as_text(FIRM, width=80).splitlines())


def is_green(result: RunResult) -> bool:
    return "green" in STYLES[choose_style(result)]


def test_green_is_kept_for_firm_answers_of_which_nothing_warns() -> None:
    assert is_green(FIRM)
    for advice in (
        {"certainty": "leaning"},
        {"caution": "nothing"},
        {"caution": "leak"},
        {"calibrated": False},
    ):
        assert not is_green(altered(FIRM, recommendation=advice))
    assert not is_green(altered(FIRM, partial=True))
    assert not is_green(altered(FIRM, arms={"elastic_net": {"at_grid_edge": "weakest"}}))
    assert not is_green(altered(FIRM, arms={"l2": None}))


def test_a_partial_answer_does_not_speak_for_what_was_not_trained() -> None:
    partial = altered(
        FIRM, partial=True, arms={"l2": None}, recommendation={"as_good": ["l1", "elastic_net"]}
    )
    shown = render_as_text(partial, width=100)
    assert "better than none. Not trained: L2." in " ".join(shown.splitlines()[:2])
    assert "firm: 97 % sure this is as good as any of the three trained" in shown
    without_audit = altered(partial, partial=False, settings={"audit": False})
    assert "Not trained" not in render_as_text(without_audit, width=100)


def test_nothing_is_called_worse_whose_own_figure_says_alike() -> None:
    shown = render_as_text(FIRM, width=100)
    assert "L1 better than Elastic Net?    no   no real difference (93 % sure)" in shown
    assert "worse" not in shown


@pytest.mark.parametrize("result", [FIRM, UNDECIDED, PRIOR], ids=["firm", "undecided", "prior"])
@pytest.mark.parametrize("width", [20, 21, 40, 59, 76, 80, 100, 300])
def test_no_line_is_wider_than_the_terminal_but_a_command_to_copy(result: RunResult, width: int) -> None:
    shown = render_as_text(result, width=width, details=True)
    lines = shown[: shown.index("\nNext ")].splitlines()
    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("result", [FIRM, UNDECIDED, PRIOR], ids=["firm", "undecided", "prior"])
def test_a_figure_is_not_parted_from_its_unit(result: RunResult) -> None:
    for width in range(30, 120):
        assert not re.search(
            r"^\s*(%|epochs)(?!\w)", render_as_text(result, width=width, details=True), re.MULTILINE
        )


def test_no_regularization_has_no_strengths() -> None:
    advice = {"regularizer": "none", "l1": 0.0, "l2": 0.0, "nonzero_share": 1.0}
    _, second, *_ = render_as_text(altered(FIRM, recommendation=advice), width=100).splitlines()
    assert second.split("   ")[:2] == ["Start without a penalty", "40 epochs"]


def test_a_loss_is_no_gain() -> None:
    advice = {"gain": {"value": -0.012, "interval": [-0.03, 0.006]}}
    shown = render_as_text(altered(FIRM, recommendation=advice), width=80, details=True)
    assert "The squared error of Elastic Net is 1.2 % higher than without a penalty" in shown
    assert "[−0.6, 3]" in shown


def test_no_gain_is_beyond_the_whole_loss() -> None:
    advice = {"gain": {"value": 0.46, "interval": [-0.21, 1.14]}}
    shown = render_as_text(altered(FIRM, recommendation=advice), width=80, details=True)
    assert "46 % lower than without a penalty" in shown
    assert "[−21, 100]" in shown


def test_the_bars_give_way_to_what_must_be_read() -> None:
    slow = {"arm_seconds": {arm: 725.0 for arm, _ in FIRM.arms.items()}}
    arms = {arm: {"l1": 1.23e-05, "l2": 4.56e-05} for arm, _ in FIRM.arms.items()}
    shown = render_as_text(altered(FIRM, execution=slow, arms=arms), width=80, details=True)
    (line,) = (line for line in shown.splitlines() if line.endswith("12 min 5 s") and "→" in line)
    assert len(line) <= 80


def test_what_is_next_names_the_file_that_was_written() -> None:
    assert list_next(FIRM, saved="a b.json") == [
        "regchoose export 'a b.json' --to pytorch -o train.py",
        "regchoose report 'a b.json' -o report.html",
    ]


def test_what_is_next_asks_nothing_where_the_run_did_not() -> None:
    assert "recommend --no-input data" in list_next(FIRM, no_input=True)[0]
    assert "--no-input" not in " ".join(list_next(FIRM))
    nothing = altered(FIRM, recommendation={"caution": "nothing"})
    inspect, *others = list_next(nothing, saved="result.json", no_input=True)
    assert inspect == "regchoose inspect --no-input data/diabetes.csv"
    assert others == ["regchoose report result.json -o report.html"]


def test_an_arm_that_others_are_surer_than_is_explained() -> None:
    safe = {"none": 0.77, "l1": 0.77, "l2": 0.6, "elastic_net": 0.54}
    arms = {arm: {"safe": share} for arm, share in safe.items()}
    undecided = altered(
        FIRM, recommendation={"certainty": "undecided", "as_good": [], "safe": 0.54}, arms=arms
    )
    why, _ = list_reasons(undecided)
    assert why == (
        "Elastic Net has the lowest loss plus standard error, by which strengths are chosen; "
        "no penalty, L1 and L2 are surer to be as good as any (up to 77 %)."
    )
    follows = altered(undecided, arms={"l1": {"criterion": 0.1, "safe": 0.5}, "l2": {"safe": 0.5}})
    assert list_reasons(follows)[0] == (
        "The chart ends at Elastic Net; no penalty is surer to be as good as any (77 %)."
    )


def test_an_undecided_answer_is_followed_by_more_rows_with_the_same_settings() -> None:
    settings = {"preset": "quick", "epochs": 40, "network": "linear"}
    first, *_ = list_next(altered(UNDECIDED, settings=settings, subsample={"of": 500}))
    more = "regchoose recommend --preset=quick --rows=416 --network=linear data/diabetes.csv -o result.json"
    assert first == more
    assert "--rows" not in list_next(altered(UNDECIDED, settings=settings))[0]


def test_what_was_answered_is_in_each_command_that_is_next() -> None:
    answered = altered(FIRM, settings={"target": "progression", "header": "yes"})
    first, *_ = list_next(answered)
    assert first == "regchoose recommend --target=progression --header data/diabetes.csv -o result.json"


def test_an_estimate_stands_with_the_answer_that_it_decided() -> None:
    measured = {**dict(FIRM.path[2]), "answered_by": "measured", "evidence": "it fits in the budget of 10m"}
    execution, settings = {"estimates": {"seconds": 12.3}}, {"budget": "10m"}
    shown = render_as_text(altered(FIRM, path=(measured,), execution=execution, settings=settings), width=80)
    assert "Resources for validation?  yes  about 12 s of 10 min\n" in shown
    first = altered(FIRM, execution=execution, path=FIRM.path[:1], settings=settings)
    assert "about 12 s" not in render_as_text(first, width=80)


def test_a_partial_answer_says_so() -> None:
    assert "warning: this answer is partial" in render_as_text(altered(FIRM, partial=True), width=80)


def test_failed_arms_have_dashes() -> None:
    failed = {"loss": math.nan, "interval": [math.nan, math.nan], "nonzero_share": None}
    line = next(
        line
        for line in render_as_text(altered(FIRM, arms={"l1": failed}), width=80).splitlines()
        if line.startswith("     L1")
    )
    assert line.split()[-3:] == ["–", "0.47", "–"]


HOSTILE = "[bold]x[/bold] \x1b[31mred\x1b]0;title\x07 \u202e<script>alert(1)</script>\n\x00end"


def test_text_from_data_is_inert() -> None:
    data = {"path": HOSTILE, "warnings": [HOSTILE]}
    step = {**dict(FIRM.path[0]), "evidence": HOSTILE, "text": HOSTILE}
    shown = render_as_text(altered(FIRM, data=data, path=(step,)), width=300)
    assert "warning: [bold]x[/bold] red <script>alert(1)</script> end" in shown
    # the warning, the end, the evidence, a command; the question is the chart's own
    assert shown.count("[bold]x[/bold]") == 4
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
    assert doctest.testmod(line_wrap).failed == 0
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
        text = render_as_text(result, width=120)
        assert f" from 2 columns and 442 rows.\n{said}" in text
        assert said in as_markdown(result)
        assert "2 of 7 columns used" in as_markdown(result)
    many = [column(f"note {place}", "text") for place in range(30)]
    text = render_as_text(altered(FIRM, data={"columns": many}), width=300)
    assert "note 11 (free text), 18 more.\n" in text


def column(name: str, role: str, *, type: str = "text", why: str = "", **more: Any) -> dict[str, Any]:
    return {"name": name, "role": role, "type": type, "why": why, "missing": 0, **more}


@pytest.mark.parametrize(
    ("answer", "losses", "shares", "said"),
    [
        ("yes", (0.4, 0.5), (0.95, 0.02), "by 20 % ["),
        ("yes", (0.4, 0.5), (0.64, 0.03), "likeliest (64 %), by 20 % ["),
        ("yes", (0.4, 0.5), (0.4, 0.5), "barely: by 20 % ["),
        ("yes", (0.51, 0.5), (0.5, 0.4), "barely: worse by 2 % on average"),
        ("no", (0.51, 0.5), (0.01, 0.97), "worse by 2 %"),
        ("no", (0.51, 0.5), (0.1, 0.72), "likeliest (72 %), worse by 2 %"),
        ("no", (0.51, 0.5), (0.5, 0.4), "barely: worse by 2 %"),
        ("no", (0.49, 0.5), (0.5, 0.4), "barely not: better by 2 % on average"),
    ],
)
def test_a_question_of_the_chart_never_contradicts_its_figure(
    answer: str, losses: tuple[float, float], shares: tuple[float, float], said: str
) -> None:
    better, worse = shares
    probabilities = {"equivalent": 1 - better - worse, "better": better, "worse": worse}
    compared = FIRM.comparisons[0].model_copy(update=probabilities)
    arms = {compared.a: {"loss": losses[0]}, compared.b: {"loss": losses[1]}}
    result = altered(FIRM, arms=arms)
    assert summarize_comparison(result, compared, answer=answer).startswith(said)


def test_a_guess_has_only_the_figure_of_its_own_branch() -> None:
    step = {"key": "correlated", "kind": "question", "text": "?", "answered_by": "measured", "evidence": ""}
    step |= {"why": "", "source": ""}
    for answer, said in (("yes", "right in at most 60 % of cases"), ("no", "right is not known")):
        path = [{**step, "answer": answer}, PRIOR.path[-1].model_dump()]
        assert said in render_as_text(altered(PRIOR, path=path), width=80)
