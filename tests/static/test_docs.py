"""The docs agree with the code: they name every error code and limit, and their links lead somewhere."""

import inspect
import re
from pathlib import Path

import pytest

import api.problems
import consumer.table
import ops.dead_letter
import records.errors
from api.ingest.body import REQUEST_BYTES_MAX
from api.ingest.parse import REQUEST_RECORDS_MAX, VIOLATIONS_MAX
from api.ingest.values import REQUEST_VALUES_MAX
from dev.paths import ROOT
from records.item import RESERVED_BYTES

_ERRORS = (ROOT / "docs" / "errors.md").read_text()


def codes() -> set[str]:
    """Every code of the sources: the faults of records, the problems of HTTP, the errors of the consumer."""
    known = {text for name, text in vars(records.errors).items() if name.isupper()}
    for module in (api.problems, consumer.table):
        declared = (getattr(each, "code", None) for _, each in inspect.getmembers(module, inspect.isclass))
        known |= {code for code in declared if isinstance(code, str)}
    known.add(ops.dead_letter.RECEIVED_TOO_OFTEN)
    return known | {"not_found", "method_not_allowed", "request_refused"}  # errors of the router


@pytest.mark.parametrize("code", sorted(codes()))
def test_every_code_is_documented(code: str) -> None:
    assert f"`{code}`" in _ERRORS


def test_no_code_is_documented_that_does_not_exist() -> None:
    cells = re.findall(r"^\|(?: \w{3} \|)? (`.+?`) \|", _ERRORS, re.MULTILINE)
    assert {code for cell in cells for code in re.findall("`(.+?)`", cell)} == codes()


def test_the_documented_limits_are_those_of_the_code() -> None:
    assert f"the {RESERVED_BYTES} bytes that Forebay adds" in _ERRORS
    assert f"over {REQUEST_RECORDS_MAX:,} records" in _ERRORS
    assert f"up to {VIOLATIONS_MAX} faults" in _ERRORS
    assert f"over {REQUEST_BYTES_MAX // 1024**2} MiB" in _ERRORS
    assert f"over {REQUEST_VALUES_MAX:,} values" in _ERRORS


_PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?[^)]*\)")


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them: `## API errors` has the anchor `api-errors`."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_to_a_file_and_a_heading(page: Path) -> None:
    for path, anchor in _LINK.findall(page.read_text()):
        target = page.parent / path if path else page
        assert "://" in path or target.exists(), path
        assert "://" in path or not anchor or anchor in anchors(target.read_text()), f"{path}#{anchor}"
