# ruff: noqa: SIM905, E501
"""The runs: what is done in each, one command after the other in one folder of its own.

A line is a command of `regchoose` as a shell would read it, or one of

- `api NAME`: the script of that name in api/, which uses the public Python API alone;
- `still FILE`: sets every time in a saved result to a fixed one, so that what is rendered from it is the same
  to the byte and the lines after it need no normalising;
- `partial FILE NEW`: copies a saved result as one that was stopped;
- `NAME=VALUE …` before a command: environment variables.
"""

from dataclasses import dataclass

QUICK = "--preset quick --no-input"
TOPICS = """none l1 l2 elastic-net alpha strength early-stopping safe certainty which-regularizer three-questions
subsample images skorch lightning rope""".split()
CODES = [
    f"E{number}"
    for first, last in ((201, 219), (301, 315), (321, 333), (401, 406), (501, 501), (511, 514))
    for number in range(first, last + 1)
]
COMMANDS = (
    "recommend inspect sample fit predict flowchart report export compare cache schema explain doctor".split()
)


@dataclass(frozen=True)
class Run:
    """What is done in a folder, with the makers of `inputs.py` whose tables it reads."""

    lines: tuple[str, ...]
    needs: tuple[str, ...] = ()


def run(text: str, *needs: str) -> Run:
    return Run(tuple(line.strip() for line in text.strip().splitlines() if line.strip()), needs)


def _each(beginning: str, words: list[str]) -> str:
    return "\n".join(f"{beginning} {word}" for word in words)


def _rendered(result: str = "result.json") -> str:
    """Every form of a saved result."""
    return f"""
    still {result}
    report {result}
    report {result} -o saved.html
    report {result} -o saved.md
    report {result} -o saved.xml
    report {result} -o saved.txt
    report {result} --format github
    report {result} --format json
    export {result} --to pytorch
    export {result} --to keras
    export {result} --to sklearn
    """


def _shown(result: str = "result.json") -> str:
    """The longest of them."""
    return f"""
    still {result}
    report {result} -o saved.html
    report {result} -o saved.md
    export {result} --to pytorch
    """


RUNS: dict[str, Run] = {
    "diabetes": run(f"""
        recommend data/diabetes.csv {QUICK} -o result.json --report report.html
        recommend data/diabetes.csv {QUICK} -o again.json --json
        recommend data/diabetes.csv {QUICK} --format junit --decide best
        cache path
        {_rendered()}
        export result.json --to pytorch -o train.py
        export result.json --to pytorch -o train.py
        partial result.json stopped.json
        report stopped.json
        report stopped.json --format github
        report result.json --fail-if 'certainty == "firm"'
        report result.json --fail-if 'arms.l1.loss > 100' --format junit
        report result.json --fail-if 'safe < 0.99 or gain.value < 2' --format github
        """),
    "breast_cancer": run(f"""
        recommend data/breast_cancer.csv {QUICK} --rows 120 --hidden 16 --strengths 3 --json -o result.json
        {_shown()}
        fit data/breast_cancer.csv --from result.json --onnx -o model
        predict model data/breast_cancer.csv -o predictions.csv
        predict model data/breast_cancer.csv -o predictions.csv
        predict model data/breast_cancer.csv -o predictions.parquet --json
        predict model data/diabetes.csv -o no.csv
        fit data/breast_cancer.csv --from result.json --epochs 5 --no-trial --json -o brief
        """),
    "digits": run(f"""
        recommend data/digits.csv {QUICK} --rows 200 --hidden 16 --strengths 3 --format markdown -o result.json
        {_shown()}
        """),
    "own_network": run(
        f"""
        recommend data/digits.csv --network data/digits_network.py:Digits --network-options channels=4 --penalize 'conv*' {QUICK} --rows 100 --strengths 2 --epochs 4 --steps 8 --format github -o result.json
        still result.json
        export result.json --to pytorch
        fit data/digits.csv --from result.json --epochs 3 --no-trial -o model
        predict model data/digits.csv -o predictions.csv
        recommend small.csv --network nets.py:Branches {QUICK} --strengths 2 --epochs 2 --steps 4 -o branches.json
        recommend small.csv --network nets.py:Raises {QUICK}
        recommend small.csv --network nets.py:wide {QUICK} --json
        recommend small.csv --network nets.py:nothing {QUICK}
        recommend small.csv --network nets.py:needs {QUICK}
        recommend small.csv --network nowhere.py:Net {QUICK}
        """,
        "network",
        "packed",
    ),
    "loans": run(f"""
        recommend data/loans.csv {QUICK} -o result.json --report report.md -q --hidden 16,16
        {_shown()}
        """),
    "wine": run(f"""
        recommend data/wine.csv {QUICK} --format junit -o result.json --seed 3 --alpha 0.3 --stopping fixed --hidden 16 --strengths 3
        {_shown()}
        """),
    "linear": run(f"""
        recommend data/diabetes.csv --network linear {QUICK} -o result.json
        {_shown()}
        export result.json --to sklearn
        recommend data/breast_cancer.csv --network linear {QUICK} --rows 100 --strengths 3 --no-audit -o classes.json
        still classes.json
        export classes.json --to sklearn
        fit data/diabetes.csv --regularizer l1 --l1 0.01 --network linear -o lasso
        predict lasso data/diabetes.csv -o measured.csv
        fit data/diabetes.csv --regularizer elastic_net --l1 0.01 --l2 0.02 --network linear --trial -o net --json
        fit data/wine.csv --from classes.json -o other
        """),
    "fixed": run(f"""
        recommend data/wine.csv {QUICK} --l1 0.01 --l2 0.02 --lr 0.01 --rope 0.05 --folds 3 --hidden 8,8 -o result.json
        recommend data/wine.csv {QUICK} --jobs 2 --rows 60 --hidden 8 --strengths 2 --fail-if 'certainty == "prior"' -o jobs.json
        """),
    "prior": run(
        f"""
        recommend data/diabetes.csv --resources no --no-input -o result.json --report report.html
        {_rendered()}
        recommend data/diabetes.csv --resources no --correlated yes --no-input
        recommend data/diabetes.csv --resources no --correlated no --entire-picture yes --no-input --json
        recommend data/diabetes.csv --resources no --correlated no --entire-picture no --no-input --format markdown
        recommend data/breast_cancer.csv --resources no --prior-knowledge no --no-input
        recommend data/digits.csv --subsample no --no-input --budget 1s
        recommend data/digits.csv --budget 0.001s --no-input --format github
        recommend sparse.csv --chart three-questions --resources no --no-input -o three.json
        still three.json
        report three.json -o three.html
        recommend data/wine.csv --chart three-questions --at-limit yes {QUICK}
        recommend data/wine.csv --chart three-questions --needs-regularization no {QUICK} --format junit
        recommend data/wine.csv --chart three-questions --needs-regularization yes --sparse yes {QUICK}
        recommend data/wine.csv --resources no --no-input --fail-if 'safe < 0.9'
        recommend data/wine.csv --resources no --no-input --fail-if 'safe != null and safe < 0.9' -q
        """,
        "packed",
    ),
    "three_questions": run(
        f"""
        recommend sparse.csv --chart three-questions {QUICK} --hidden 8 --strengths 3 -o result.json
        {_shown()}
        recommend sparse.csv --chart three-questions {QUICK} --needs-regularization yes --sparse no --hidden 8 --strengths 3
        """,
        "packed",
    ),
    "mixed": run(
        f"""
        inspect mixed.csv
        inspect mixed.csv --json
        inspect mixed.csv --exclude dose --keep note --json
        inspect foreign.csv --skip-rows 1
        inspect foreign.csv --skip-rows 1 --encoding cp1252 --delimiter ';' --decimal , --json
        recommend mixed.csv {QUICK} --hidden 8 --strengths 3 -o result.json
        {_shown()}
        recommend mixed.csv {QUICK} --hidden 8 --strengths 2 --group patient -o group.json
        recommend mixed.csv {QUICK} --hidden 8 --strengths 2 --time day --exclude seen -o time.json --json
        sample mixed.csv --rows 60 --group patient -o grouped.csv
        sample mixed.csv --rows 60 --time seen -o timed.csv --json
        fit mixed.csv --from time.json --onnx --epochs 5 -o model
        predict model mixed.csv -o predictions.csv
        """,
        "mixed",
    ),
    "dry_run": run(
        f"""
        recommend data/diabetes.csv --dry-run --no-input
        recommend data/digits.csv --dry-run {QUICK} --json
        recommend images --dry-run {QUICK}
        recommend data/diabetes.csv --dry-run --resources no --no-input --chart three-questions
        """,
        "images",
    ),
    "inspect": run(
        """
        inspect data/diabetes.csv
        inspect data/diabetes.csv --json
        inspect data/breast_cancer.csv
        inspect data/digits.csv --json
        inspect data/wine.csv --task regression
        inspect small.parquet
        inspect sparse.csv
        inspect leaky.csv
        inspect parts
        inspect packed.csv.gz
        inspect images
        inspect images --json
        inspect table.npz
        """,
        "packed",
        "images",
    ),
    "sample": run(
        """
        sample data/diabetes.csv --rows 40 -o sample.csv
        sample data/digits.csv --rows 100 -o sample.parquet --json
        sample data/wine.csv --rows all -o all.csv
        sample data/wine.csv --rows 60 --target cultivar --seed 5 -o sample.csv
        sample data/wine.csv --rows 60 --target cultivar --seed 5 -o sample.csv --force -q
        sample images --rows 50 -o sample.npz
        sample faults/injection.csv --rows 30 -o safe.csv
        """,
        "images",
        "faulty",
    ),
    "images": run(
        f"""
        recommend digits.npz {QUICK} --rows 150 --strengths 3 --epochs 10 --steps 20 -o result.json
        {_shown()}
        recommend images {QUICK} --network-options channels=4 --image-size 6 --strengths 2 --epochs 5 --steps 10 -o folder.json
        fit images --from folder.json --epochs 3 --onnx -o model
        predict model new -o predictions.csv
        predict model digits.npz -o others.csv
        recommend table.npz {QUICK} --hidden 8 --strengths 2 -o table.json
        recommend images --target y {QUICK}
        """,
        "images",
    ),
    "kinds_of_files": run(
        f"""
        recommend small.parquet {QUICK} --hidden 8 --strengths 2 -o parquet.json
        recommend parts {QUICK} --hidden 8 --strengths 2 -o parts.json
        recommend 'parts/*.csv' {QUICK} --hidden 8 --strengths 2 -o pattern.json
        recommend leaky.csv {QUICK} --hidden 8 --strengths 2 -o leaky.json --format github
        sample parts --rows 50 -o sample.csv
        fit parts --from parts.json --epochs 4 -o model
        predict model small.parquet -o predictions.csv
        """,
        "packed",
    ),
    "large": run(
        f"""
        inspect large --json
        recommend large {QUICK} --rows 200 --hidden 8 --strengths 2 --epochs 5 --steps 10 -o result.json
        still result.json
        report result.json
        sample large --rows 40 -o sample.csv
        fit large --regularizer l2 --l2 0.001 --network linear -o model
        """,
        "large",
    ),
    "compare": run(
        f"""
        recommend data/wine.csv {QUICK} --hidden 8 --strengths 3 -o old.json -q
        recommend data/wine.csv {QUICK} --hidden 8 --strengths 3 --exclude hue --seed 1 --decide best -o new.json -q
        recommend data/wine.csv --resources no --correlated yes --no-input -o prior.json -q
        still old.json
        still new.json
        still prior.json
        compare old.json new.json
        compare old.json new.json --json
        compare old.json new.json --format markdown
        compare old.json new.json -q
        compare old.json old.json
        compare old.json prior.json
        compare prior.json new.json --json --fail-if 'loss_increase_share > 0.05'
        compare old.json new.json --fail-if 'columns_removed != [] or regularizer_changed'
        compare old.json new.json --fail-if 'len(columns_removed) > 0'
        compare old.json new.json --fail-if 'certanty_lower'
        compare old.json new.json --format xml
        compare old.json absent.json
        """
    ),
    "settings": run(
        f"""
        REGCHOOSE_ROWS=60 REGCHOOSE_HIDDEN=8 REGCHOOSE_STRENGTHS=2 recommend data/wine.csv {QUICK} -o result.json
        REGCHOOSE_ROWZ=60 recommend data/wine.csv {QUICK}
        recommend data/wine.csv {QUICK} --config faults/bad.toml
        recommend data/wine.csv {QUICK} --config faults/unknown.toml --json
        recommend data/wine.csv {QUICK} --config faults/broken.toml
        recommend data/wine.csv {QUICK} --config faults/absent.toml
        recommend data/wine.csv --preset ci --dry-run
        recommend data/wine.csv --preset thorough --dry-run --json
        """,
        "faulty",
    ),
    "drawings": run(
        "\n".join(
            f"flowchart --chart {chart} --format {form}"
            for chart in ("which-regularizer", "three-questions")
            for form in ("text", "mermaid", "svg", "json")
        )
        + "\nflowchart --chart none\nflowchart --format png\nschema\nschema result\nschema comparison\nschema none"
    ),
    "explain": run(
        f"explain\n{_each('explain', TOPICS + CODES)}\nexplain E999\nexplain lasso\nCOLUMNS=60 explain l1"
    ),
    "help": run(
        f"--help\n--version\n{_each('', [f'{name} --help' for name in COMMANDS])}\nCOLUMNS=60 fit --help\nnothing"
    ),
    "flags": run("""
        recommend
        recommend absent.csv --no-input
        recommend absent.csv --no-input --json
        recommend absent.csv --no-input --format github
        recommend absent.csv --no-input --format junit
        recommend absent.csv --no-input --format markdown
        recommend data/wine.csv --colour
        recommend data/wine.csv --rows few --json
        recommend data/wine.csv --rows 3 --no-input
        recommend data/wine.csv --preset quik --no-input
        recommend data/wine.csv --target cultvar --no-input
        recommend data/wine.csv --target cultvar --no-input --json
        recommend data/wine.csv --exclude hew --no-input
        recommend data/wine.csv --group hew --no-input
        recommend data/wine.csv --budget never --no-input
        recommend data/wine.csv --hidden a,b --no-input
        recommend data/wine.csv --alphas 0.5,2 --no-input
        recommend data/wine.csv --device tpu --no-input
        recommend data/wine.csv --fail-if 'certainty == "sure"' --no-input
        recommend data/wine.csv --fail-if 'safe <' --no-input
        recommend data/wine.csv --fail-if 'nothing > 1' --no-input --json
        recommend data/wine.csv --fail-if 'import os' --no-input
        recommend data/wine.csv -o absent/result.json --no-input
        recommend data/wine.csv -o data/wine.csv --no-input
        recommend data/wine.csv --report report.pdf --no-input
        recommend data/wine.csv -o one.html --report one.html --no-input
        recommend data/wine.csv --format yaml --no-input
        recommend data/wine.csv --task classification --target alcohol --no-input
        recommend data/wine.csv --network resnet --no-input
        recommend data/wine.csv --network cnn --no-input
        recommend data/wine.csv --network-options depth=3 --no-input --dry-run
        recommend data/wine.csv --penalize 'nowhere*' --preset quick --no-input
        recommend data/wine.csv --mlflow --no-input
        sample data/wine.csv
        sample data/wine.csv --rows 50 -o sample.xls
        fit data/wine.csv
        fit data/wine.csv -o model
        fit data/wine.csv --regularizer l3 -o model
        fit data/wine.csv --from absent.json -o model
        predict absent data/wine.csv -o out.csv
        report absent.json
        export absent.json --to pytorch
        cache burn
        """),
    "faulty_files": run(
        "\n".join(
            f"inspect faults/{name}"
            for name in (
                "empty.csv header.csv ragged.csv constant.csv missing.csv text_in_numbers.csv ids.csv few.csv "
                "rare.csv one_column.csv quote.csv total.csv twice.csv no_feature.csv infinite.csv headless.csv "
                "dates.csv markup.csv binary.csv nul.csv latin.csv cut.csv.gz table.xlsx parts wrong.npz pictures"
            ).split()
        )
        + f"""
        recommend faults/markup.csv {QUICK} --hidden 4 --strengths 2 --format github --report markup.html
        recommend faults/few.csv --no-input
        recommend faults/ids.csv --no-input
        recommend faults/rare.csv --no-input
        recommend faults/ragged.csv --no-input --json
        recommend faults/ragged.csv --no-input --format github
        recommend faults/missing.csv --no-input --json
        inspect faults/constant.csv --json
        inspect faults/binary.csv --json
        inspect faults/text_in_numbers.csv --json
        inspect faults/ragged.csv --on-bad-rows skip
        inspect faults/ragged.csv --on-bad-rows pad --json
        inspect faults/single.csv --on-bad-rows skip
        inspect faults/single.csv --on-bad-rows pad
        inspect faults/missing.csv --drop-missing-target
        inspect faults/rare.csv --min-class 5
        inspect faults/headless.csv --no-header
        inspect faults/text_in_numbers.csv --na much
        inspect faults/total.csv
        report faults/no_result.json
        report faults/no_json.json
        predict faults data/wine.csv -o out.csv
        """,
        "faulty",
    ),
    "api_frame": run("api frame", "mixed"),
    "api_estimators": run("api estimators", "mixed"),
    "api_errors": run("api errors", "faulty", "mixed"),
}

REAL: dict[str, Run] = {
    f"real_{name.partition('.')[0]}": run(
        f"""
        inspect real/{name} {more}
        recommend real/{name} {QUICK} {more} --rows 120 --hidden 8 --strengths 3 -o result.json
        """
    )
    for name, more in {
        "abalone.csv": "--no-header",
        "german.csv": "--no-header",
        "sonar.csv": "",
        "pima-indians-diabetes.csv": "--no-header --task classification",
        "winequality-red.csv": "--no-header --task regression",
    }.items()
}
