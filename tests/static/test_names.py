"""One name means one thing: no two classes of the sources share a name, wherever they are. Protocols count too."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from dev.paths import ROOT

_PACKAGES = ("api", "consumer", "records", "telemetry", "ops", "dev")


def classes(source: str) -> Iterator[str]:
    """The names of all classes, those within functions and other classes too."""
    return (node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))


def shared_names(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """The class names that several classes have, each with the files of those classes."""
    files: defaultdict[str, list[str]] = defaultdict(list)
    for file, source in sources.items():
        for name in classes(source):
            files[name].append(file)
    return {name: found for name, found in sorted(files.items()) if len(found) > 1}


def test_no_two_classes_share_a_name() -> None:
    paths = sorted(path for package in _PACKAGES for path in (ROOT / package).rglob("*.py"))
    shared = shared_names({_relative(path): path.read_text(encoding="utf-8") for path in paths})
    listed = "\n".join(f"  {name}: {', '.join(files)}" for name, files in shared.items())
    assert not shared, f"one name for several classes:\n{listed}"


def test_a_shared_name_is_found_at_any_depth() -> None:
    sources = {
        "one.py": "class Outer:\n    class Same: ...\nclass _Own: ...",
        "two.py": "def make():\n    class Same: ...\n    return Same",
        "three.py": "class Twice: ...\nclass Twice: ...",
    }
    assert shared_names(sources) == {"Same": ["one.py", "two.py"], "Twice": ["three.py", "three.py"]}


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
