"""The page on the simulation names each of its faults, with a source, and each of its files."""

from dataclasses import fields

from dev.paths import ROOT
from dev.simulation.faults import SimulatedFaults
from dev.simulation.path.faults import PathFaults

_PAGE = (ROOT / "docs/simulation.md").read_text()
_ROWS = [line for line in _PAGE.splitlines() if line.startswith("| ")]


def test_each_fault_is_in_the_table_of_what_aws_does() -> None:
    for fault in (*fields(SimulatedFaults), *fields(PathFaults)):
        assert any(f"`{fault.name}`" in row for row in _ROWS), fault.name


def test_each_module_is_named() -> None:
    folder = ROOT / "dev/simulation"
    for module in (*folder.glob("*.py"), *folder.glob("path/*.py")):
        if not module.name.startswith("__"):
            assert f"{module.name}`" in _PAGE, module.name
