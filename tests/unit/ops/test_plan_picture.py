"""The picture of a backlog: lines through the planned moments, on axes that say what they are."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.advice import advise
from ops.plan_picture import picture
from ops.prices import Deployment
from ops.workload import Workload

_DAY = 86_400.0
_NS = {"svg": "http://www.w3.org/2000/svg"}

A_DAY = Workload(rate=50, burst_rate=2000, burst_seconds=600, period_seconds=_DAY, record_bytes=1500, write_units=150)


def drawn(load: Workload) -> ET.Element:
    return ET.fromstring(picture(advise(load, Deployment(), 512)))  # noqa: S314 - made here


def curve(svg: ET.Element, name: str) -> list[tuple[float, float]]:
    """The last line of the class; the first is in the legend."""
    points = svg.findall(f"svg:polyline[@class='{name}']", _NS)[-1].attrib["points"]
    return [(float(x), float(y)) for x, y in (point.split(",") for point in points.split())]


def texts(svg: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in svg.findall("svg:text", _NS)]


def test_the_line_rises_to_the_largest_backlog_and_falls_to_none_when_it_drains() -> None:
    svg = drawn(A_DAY)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = curve(svg, "keeps")
    assert y0 == y2 == y3 == 360
    # 1,155,000 of 1,200,000, which is the highest line of the grid.
    assert y1 == pytest.approx(360 - (360 - 84) * 1_155_000 / 1_200_000, abs=0.1)
    assert (x1 - x0) / (x3 - x0) == pytest.approx(600 / _DAY, abs=0.001)
    assert (x2 - x0) / (x3 - x0) == pytest.approx((600 + 46_200) / _DAY, abs=0.001)
    assert "1,200,000" in texts(svg)
    assert "24" in texts(svg)
    assert "hours since the burst began (grey: the burst)" in texts(svg)


def test_a_table_that_loses_records_is_drawn_beside_one_that_does_not() -> None:
    svg = drawn(replace(A_DAY, write_units=100))
    assert {"100 write units: it loses records", "159 write units: it drains"} < set(texts(svg))
    assert curve(svg, "loses")[-1][1] < 360, "its line ends above none"
    assert not drawn(A_DAY).findall("svg:polyline[@class='loses']", _NS)


def test_a_table_without_a_backlog_has_a_flat_line() -> None:
    assert {y for _, y in curve(drawn(replace(A_DAY, write_units=4000)), "keeps")} == {360}


def test_every_colour_has_one_for_dark_mode_and_nothing_is_loaded() -> None:
    style = picture(advise(A_DAY, Deployment(), 512)).partition("<style>")[2].partition("</style>")[0]
    light, _, dark = style.partition("@media(prefers-color-scheme:dark)")
    for name in (".keeps", ".credit", ".loses", "svg"):
        assert re.search(rf"{re.escape(name)}[^}}]*#", light)
        assert re.search(rf"{re.escape(name)}[^}}]*#", dark)
    assert "url(" not in style


@given(st.floats(0.01, 100), st.floats(1, 1e6), st.floats(60, 400 * _DAY), st.floats(0.001, 0.9))
def test_whatever_the_load_the_lines_stay_within_the_axes_and_there_are_few_ticks(
    rate: float, more: float, period: float, share: float
) -> None:
    load = Workload(rate, rate + more, period * share, period, record_bytes=300, write_units=2000)
    if load.average_rate > 300_000:
        return
    svg = drawn(load)
    for x, y in curve(svg, "keeps"):
        assert 90 <= x <= 780
        assert 84 <= y <= 360
    assert len(texts(svg)) <= 30
