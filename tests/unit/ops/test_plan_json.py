"""`python -m ops plan --json` and `--picture`: the figures of the page, for programs; and its backlog, for eyes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.ops.planned import as_json, page, part, run


def test_the_json_has_the_figures_of_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    whole = as_json(capsys, records_per_request="10")
    text = page(capsys, records_per_request="10")
    assert whole["given"] == whole["chosen"]
    backlog = whole["chosen"]["backlog"]
    assert (backlog["largest_records"], backlog["drain_seconds"]) == (1_155_000, 46_200)
    assert backlog["largest_bytes"] == 1_155_000 * 1500
    assert (backlog["greatest_age_seconds_in_order"], backlog["greatest_age_seconds_at_most"]) == (15_400, 46_800)
    assert whole["chosen"]["first_period"][1] == {"seconds": 600, "waiting_records": 1_155_000}
    cost = whole["cost"]
    assert (cost["cheapest"], cost["buffer_pays"]) == ("forebay", True)
    for dollars in cost["options_dollars"].values():
        assert f" {dollars:,.2f} " in part(text, 3)
    assert sum(line["dollars"] for line in cost["lines"]) == pytest.approx(cost["total_dollars_with_api_and_reads"])
    assert whole["deploy_command"] in text


def test_the_json_of_a_table_that_loses_records_has_the_cost_of_one_that_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole, enough = as_json(capsys, write_units="100"), as_json(capsys, write_units="159")
    assert (whole["given"]["drains"], whole["given"]["keeps_all_records"], whole["given"]["backlog"]) == (
        False,
        False,
        None,
    )
    assert whole["given"]["growth_records_per_second"] * 86_400 == pytest.approx(1_170_000)
    assert whole["chosen"] == enough["chosen"]
    assert whole["cost"] == enough["cost"]


def test_every_name_in_the_json_is_in_snake_case_except_the_templates_own(capsys: pytest.CaptureFixture[str]) -> None:
    whole = as_json(capsys, write_units="400")

    def names(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield name
                yield from () if name == "parameters" else names(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from names(inner)

    assert whole["smaller_table"]["write_units"] == 159
    assert whole["smaller_table"]["cost"] == as_json(capsys, write_units="159")["cost"] != whole["cost"]
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names(whole))


def test_the_picture_is_written_beside_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "backlog.svg"
    assert run(f"--picture={path}") == 0
    printed = capsys.readouterr()
    assert printed.out == page(capsys)
    assert printed.err == f"wrote {path}\n"
    assert path.read_text().startswith("<svg ")
