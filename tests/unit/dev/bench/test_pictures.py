"""The pictures in README and docs: they say what drain.csv says, and can be read in light and in dark mode."""

import re
from pathlib import Path

import pytest

from dev.bench import cost
from dev.bench.drain import picture
from dev.bench.pictures import ADAPTIVE, DARK, FOREBAY, GRID, INK, ON_DEMAND, ORIGINAL, PAPER

_PICTURES = [picture.PICTURE, cost.PICTURE]


def luminance(color: str) -> float:
    """Relative, as WCAG 2 defines it."""
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("color", [INK, FOREBAY, ORIGINAL, ADAPTIVE, ON_DEMAND])
def test_every_line_and_its_label_can_be_read_on_either_paper(color: str) -> None:
    assert contrast(color, PAPER) >= 4.5
    assert contrast(DARK[color], DARK[PAPER]) >= 4.5


@pytest.mark.parametrize("path", _PICTURES, ids=lambda path: path.name)
def test_a_committed_picture_has_its_own_paper_and_no_colour_without_a_dark_one(path: Path) -> None:
    style, drawn = path.read_text().split("</style>", 1)
    used = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", drawn))
    assert PAPER in used
    assert used <= set(DARK)
    assert "prefers-color-scheme:dark" in style
    for color in used - {GRID}:
        assert DARK[color] in style


def test_the_drains_picture_has_drain_csvs_figures() -> None:
    rows, text = picture.rows(), picture.PICTURE.read_text()
    assert picture.dead(rows["forebay"]) == picture.dead(rows["adaptive"]) == 0
    dead = picture.dead(rows["original"])
    assert f"original pattern: {picture.CASE.records - dead} stored" in text
    assert f"{dead} good records dead-lettered" in text
    for policy in ("forebay", "adaptive"):
        assert re.search(rf"drain: \${float(rows[policy]['dollars']):.3g} per million", text), policy


def test_who_dead_letters_pays_for_all_records_and_has_the_stored_ones() -> None:
    small, _, large, largest = cost.original(load=0.6)
    for found in (large, largest):
        assert found.dead_lettered == 0
    # By hand, a table of one write unit: 0.12 records a second; 5 units of $0.00065 an hour each, 60 % used; a send for
    # ten records; 15 empty receives a minute; a drain of $1.835.
    table, send, idle = 5 * 0.00065 / 3600 * 1e6 / 0.6, 0.4 / 10, 15 / 60 / 0.12 * 0.4
    assert small.dollars == pytest.approx((table + send + idle + 1.835) / (1 - 0.8717), rel=0.001)
