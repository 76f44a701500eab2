"""The README's command reference is what `--help` prints."""

from tests.reference import BEGIN, END, README, replaced


def test_the_reference_is_that_of_help() -> None:
    readme = README.read_text(encoding="utf-8")
    assert BEGIN in readme
    assert END in readme
    assert replaced(readme) == readme, "make reference"
