"""`python -m dev.bench.drain.tables`: the tables of docs/measurements/drain.md, from drain.csv."""

import csv
from collections.abc import Callable

from dev.bench.drain.virtual import RESULTS

Row = dict[str, str]
_WORKERS = ("2", "10", "100")
_POLICIES = {
    "forebay": "Forebay",
    "waiting": "workers that sleep",
    "adaptive": "botocore adaptive",
    "original": "original pattern",
    "ideal": "ideal",
}


def cost_and_use(row: Row) -> str:
    dead = float(row["dead_lettered"])
    lost = f", {dead:.0%} dead" if dead else ""
    return f"${float(row['dollars']):,.2f} / {float(row['utilisation']):.2f}{lost}"


def calls(row: Row) -> str:
    return f"{float(row['receives']):.1f} / {float(row['throttles']):.2f}"


def ages(row: Row) -> str:
    return f"{float(row['age_p50']):,.0f} s / {float(row['age_p99']):,.0f} s"


def by_workers(rows: list[Row], credit: str, shown: Callable[[Row], str]) -> str:
    """Forebay's."""
    chosen = [row for row in rows if (row["policy"], row["credit_seconds"]) == ("forebay", credit)]
    columns = {name: [row for row in chosen if row["concurrency"] == name] for name in _WORKERS}
    return _table([f"{name} at once" for name in _WORKERS], list(columns.values()), shown)


def by_policy(rows: list[Row], credit: str, workers: str, shown: Callable[[Row], str]) -> str:
    chosen = [row for row in rows if (row["credit_seconds"], row["concurrency"]) == (credit, workers)]
    columns = {name: [row for row in chosen if row["policy"] == name] for name in _POLICIES}
    return _table(list(_POLICIES.values()), list(columns.values()), shown)


def _table(names: list[str], columns: list[list[Row]], shown: Callable[[Row], str]) -> str:
    head = [f"| WCU | item | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    body = [
        f"| {cells[0]['wcu']} | {cells[0]['kilobytes']} KB | {' | '.join(map(shown, cells))} |"
        for cells in zip(*columns, strict=True)
    ]
    return "\n".join(head + body)


def main() -> None:
    with RESULTS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for credit, name in (("300", "300 s of credit"), ("0", "No credit")):
        print(f"\n{name}, 2 at once: dollars per million / utilisation, and good records dead-lettered.\n")
        print(by_policy(rows, credit, "2", cost_and_use))
        print(f"\nForebay, {name.lower()}: dollars per million / utilisation.\n")
        print(by_workers(rows, credit, cost_and_use))
        print(f"\nForebay, {name.lower()}: receives a record / throttled calls a put.\n")
        print(by_workers(rows, credit, calls))
    print("\n300 s of credit, 2 at once: age at put, p50 / p99.\n")
    print(by_policy(rows, "300", "2", ages))


if __name__ == "__main__":
    main()
