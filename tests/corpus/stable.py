"""Takes out of an output what may differ between two runs of the same code.

Dropped, and nothing else:

- in every output: the version number, the folder of the run, the root of the tree, the folder of the Python
  environment;
- in outputs of a step that measures time (`timed`): written durations with the blanks before them
  ("0.4 s", "2 min 5 s"), the blanks before the heading of their column, numbers under a JSON key that ends in
  `seconds`, the numbers in the JSON member `execution`, `time="…"` of JUnit, and the HTML figure "What each
  arm cost", whose marks are times.
"""

import re
from collections.abc import Mapping

DURATION = re.compile(
    r"[ \u00a0]*(?<![\w.,])\d+(?:\.\d+)?[ \u00a0](?:s|min|h)\b(?:[ \u00a0]\d+[ \u00a0](?:s|min)\b)?"
)
SECONDS = re.compile(r'("\w*seconds": )[\d.e+-]+')
EXECUTION = re.compile(r'^( *)"execution": \{\n.*?^\1\}', re.MULTILINE | re.DOTALL)
FIGURE = re.compile(
    r"(?:<|&lt;)h3(?:>|&gt;)What each arm cost.*?/figure(?:>|&gt;)", re.DOTALL
)  # or in a frame
HEADING = re.compile(r"(?<=  zeros) +time$", re.MULTILINE)
JUNIT = re.compile(r' time="[\d.]+"')
NUMBER = re.compile(r"(?<=: )-?\d[\d.e+-]*")


def stable(text: str, names: Mapping[str, str], *, timed: bool) -> str:
    """Return a text without what may differ.

    Parameters
    ----------
    names : mapping of str to str
        A text that may differ → what stands for it.
    """
    for name, sign in names.items():
        text = text.replace(name, sign)
    if not timed:
        return text
    text = EXECUTION.sub(lambda found: NUMBER.sub("TIME", found[0]), text)
    text = SECONDS.sub(r"\1TIME", text)
    text = HEADING.sub(" time", text)
    text = JUNIT.sub(' time="TIME"', text)
    text = FIGURE.sub("(a figure of times)", text)
    return DURATION.sub(" TIME", text)
