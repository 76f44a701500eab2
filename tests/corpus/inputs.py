"""The tables that the runs read beside those in data/: made here, the same each time."""

import csv
import gzip
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from PIL import Image

Rows = Iterable[Sequence[object]]


def write(path: Path, header: Sequence[str], rows: Rows, *, delimiter: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def mixed(folder: Path) -> None:
    """mixed.csv: every role that a column may have; 240 rows of 60 patients, in the order of time."""
    draw = random.Random(1)
    header = ["id", "patient", "day", "age", "dose", "twice_dose", "ward", "smoker", "seen", "note", "site"]
    rows: list[list[Any]] = []
    for place in range(240):
        age, dose, ward = draw.randint(20, 80), round(draw.uniform(0, 5), 2), draw.choice("ABCD")
        noise = draw.gauss(0, 2)
        outcome = round(0.1 * age - 1.5 * dose + 2 * (ward == "A") + noise, 3)
        seen = f"20{17 + place // 120}-{1 + place % 120 // 10:02}-{1 + draw.randint(0, 27):02}"
        words = " ".join(draw.choice(("pale", "tired", "well", "warm", "cold", "calm")) for _ in range(9))
        smoker = draw.choice(("yes", "no"))
        gap = "" if draw.random() < 0.06 else age
        rows.append(
            [
                f"R{place:05}",
                f"p{place % 60}",
                place,
                gap,
                dose,
                2 * dose,
                ward,
                smoker,
                seen,
                words,
                7,
                outcome,
            ]
        )
    write(folder / "mixed.csv", [*header, "outcome"], rows)
    # The same in another dialect: semicolons, decimal commas, a title above, classes as the target.
    foreign = [[str(c).replace(".", ",") for c in r[3:8]] + ["high" if r[-1] > 3 else "low"] for r in rows]
    path = folder / "foreign.csv"
    write(path, [*header[3:8], "label"], foreign, delimiter=";")
    path.write_text("A title\n" + path.read_text(encoding="utf-8"), encoding="cp1252")


def two_classes(draw: random.Random, n: int, *, features: int = 3) -> Rows:
    for _ in range(n):
        x = [round(draw.gauss(0, 1), 3) for _ in range(features)]
        yield [*x, "yes" if x[0] + 0.5 * x[1] + draw.gauss(0, 0.7) > 0 else "no"]


def packed(folder: Path) -> None:
    """small.parquet; packed.csv.gz; parts/: a table in three files; leaky.csv; sparse.csv."""
    draw = random.Random(2)
    write(folder / "small.csv", ["a", "b", "c", "label"], two_classes(draw, 120))
    query = f"COPY (FROM '{folder / 'small.csv'}') TO '{folder / 'small.parquet'}' (FORMAT parquet)"  # ours
    duckdb.sql(query)
    for part in range(3):
        write(folder / "parts" / f"{part}.csv", ["a", "b", "c", "label"], two_classes(draw, 50))
    (folder / "packed.csv.gz").write_bytes(gzip.compress((folder / "small.csv").read_bytes(), mtime=0))
    rows = [[*row[:-1], {"yes": 1, "no": 0}[str(row[-1])], row[-1]] for row in two_classes(draw, 120)]
    write(folder / "leaky.csv", ["a", "b", "c", "told", "label"], rows)
    sparse = [[int(draw.random() < 0.04) for _ in range(30)] for _ in range(150)]
    write(
        folder / "sparse.csv",
        [*(f"w{place}" for place in range(30)), "y"],
        [[*row, round(3 * row[0] - 2 * row[1] + row[2] + draw.gauss(0, 0.3), 3)] for row in sparse],
    )


def large(folder: Path) -> None:
    """large/: 202,000 rows in two files, of which 200,000 are held: the streaming reader, in 5 MB."""
    draw = random.Random(3)
    for part in range(2):
        rows = (
            [
                a := round(draw.gauss(0, 1), 2),
                kind := draw.choice("uvw"),
                round(a + (kind == "u") + draw.gauss(0, 1), 2),
            ]
            for _ in range(101_000)
        )
        write(folder / "large" / f"{part}.csv", ["a", "kind", "y"], rows)


def images(folder: Path) -> None:
    """digits.npz, table.npz, and images/ and new/ by class, from data/digits.csv."""
    with (folder / "data" / "digits.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
    pixels = np.array([[float(c) for c in row[:64]] for row in rows[:300]], dtype=np.float32)
    digits = np.array([int(row[64]) for row in rows[:300]])
    np.savez_compressed(folder / "digits.npz", X=pixels.reshape(-1, 8, 8), y=digits)
    np.savez_compressed(folder / "table.npz", X=pixels[:150, :20], y=pixels[:150, 20:].sum(axis=1) / 7)
    for place, (row, digit) in enumerate(zip(pixels, digits, strict=True)):
        if digit < 3:
            where = folder / ("new" if place >= 270 else "images") / f"class{digit}"
            where.mkdir(parents=True, exist_ok=True)
            picture = Image.fromarray((row.reshape(8, 8) * 15).astype(np.uint8))
            picture.save(where / f"{place:03}.png")


def network(folder: Path) -> None:
    """nets.py: networks of one's own that are wrong."""
    (folder / "nets.py").write_text(
        "import torch\n"
        "from torch import nn\n\n\n"
        "class Raises(nn.Module):\n"
        "    def __init__(self, n_inputs, n_outputs):\n"
        "        super().__init__()\n"
        "        self.layer = nn.Linear(n_inputs, n_outputs)\n\n"
        "    def forward(self, x):\n"
        "        raise RuntimeError('by intent')\n\n\n"
        "class Branches(Raises):\n"
        "    def forward(self, x):\n"
        "        y = self.layer(x)\n"
        "        return y if y.sum() > 0 else 2 * y\n\n\n"
        "def wide(n_inputs, n_outputs):\n"
        "    return nn.Linear(n_inputs, n_outputs + 3)\n\n\n"
        "def nothing(n_inputs, n_outputs):\n"
        "    return nn.Identity()\n\n\n"
        "def needs(n_inputs, n_outputs, depth):\n"
        "    return nn.Linear(n_inputs, n_outputs)\n",
        encoding="utf-8",
    )


def faulty(folder: Path) -> None:
    """faults/: files that are refused, each for another reason."""
    draw = random.Random(4)
    place = folder / "faults"
    place.mkdir()
    good = [",".join([*(f"{draw.gauss(0, 1):.2f}" for _ in range(3)), draw.choice("yn")]) for _ in range(60)]
    numbers = [f"{draw.gauss(0, 1):.2f},{draw.gauss(0, 1):.2f},{draw.gauss(0, 1):.2f}" for _ in range(60)]
    texts: dict[str, list[str]] = {
        "empty": [],
        "header": ["a,b,y"],
        "ragged": ["a,b,c,label", *good[:30], "1,2,3,y,5", *good[30:], "1,2"],
        "constant": ["a,b,c,label", *(f"{line[:-1]}y" for line in good)],
        "missing": ["a,b,c,label", *good, "1,2,3,", "3,4,5,"],
        "text_in_numbers": ["a,b,y", *numbers[:40], "1,much,3", *numbers[40:]],
        "ids": ["a,y", *(f"{line.split(',')[0]},K{row:04}x" for row, line in enumerate(good))],
        "few": ["a,b,c,label", *good[:9]],
        "rare": ["a,b,c,label", *good, "1,2,3,z"],
        "one_column": ["y", *(line[-1] for line in good)],
        "quote": ["a,b,c,label", *good[:20], '"1,2,3,y', *good[20:]],
        "total": ["a,b,y", *numbers, "Total,,12.5"],
        "twice": ["a,b,c,label", *good[:30], "a,b,c,label", *good[30:]],
        "no_feature": ["id,y", *(f"K{row:04}x,{line[-1]}" for row, line in enumerate(good))],
        "infinite": ["a,b,y", *numbers, "1,2,inf"],
        "headless": good,
        "dates": [
            "when,b,y",
            *(f"0{1 + row % 9}/0{1 + row % 7}/2021,{line[-6:]}" for row, line in enumerate(numbers)),
        ],
        "markup": ["<b>a</b>,{{7*7}},c,y|::error::", *(line for line in good)],
        "single": ["a,b,c,label", *good, *(f"9{line}".replace("9-", "-9") for line in good), "1,2,3"],
        "injection": ["=a,b,c,d,label", *(f"=1+{row},{line}" for row, line in enumerate(good))],
    }
    for name, lines in texts.items():
        (place / f"{name}.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (place / "binary.csv").write_bytes(bytes(range(256)) * 20)
    (place / "nul.csv").write_bytes(b"a,b\n1,2\n3,\0\n")
    (place / "latin.csv").write_bytes(b"a,y\n" + "é,1\n".encode("latin-1") * 40)
    (place / "cut.csv.gz").write_bytes(gzip.compress("\n".join(texts["missing"]).encode(), mtime=0)[:-20])
    (place / "table.xlsx").write_bytes(b"PK\x03\x04" + bytes(60))
    (place / "parts").mkdir()
    (place / "parts" / "1.csv").write_text("a,b,y\n1,2,y\n", encoding="utf-8")
    (place / "parts" / "2.csv").write_text("a,c,y\n1,2,y\n", encoding="utf-8")
    np.savez(place / "wrong.npz", X=np.zeros((30, 4, 4)), y=np.zeros(29))
    pictures = place / "pictures"
    for kind in ("ant", "bee"):
        (pictures / kind).mkdir(parents=True)
        for row in range(25):
            Image.fromarray(np.full((4, 4), row, dtype=np.uint8)).save(pictures / kind / f"{row}.png")
    (pictures / "bee" / "7.png").write_bytes(b"no picture")
    (place / "bad.toml").write_text("rows = 'many'\n", encoding="utf-8")
    (place / "unknown.toml").write_text("rowz = 40\n", encoding="utf-8")
    (place / "broken.toml").write_text("rows = \n", encoding="utf-8")
    (place / "no_result.json").write_text(json.dumps({"ok": True}), encoding="utf-8")
    (place / "no_json.json").write_text("{", encoding="utf-8")


MAKERS: dict[str, Callable[[Path], None]] = {
    "mixed": mixed,
    "packed": packed,
    "large": large,
    "images": images,
    "network": network,
    "faulty": faulty,
}
