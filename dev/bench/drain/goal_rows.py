"""The cases that have a goal, and the goals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import pairwise
from random import Random

from dev.bench.drain.measure import Case, drained, measure, percentile, prepared
from dev.simulation.faults import SimulatedFaults
from dev.simulation.world import Setting, World

_HOUR = 3600.0
_DAY = 24 * _HOUR
_HALF_HOUR = 1800.0
_CREDIT_FROM, _CREDIT_UNTIL = _HOUR, 3 * _HOUR

Outcome = dict[str, float]


@dataclass(frozen=True, slots=True)
class Goal:
    """`run` takes a seed; `most` and `least` bound what it returns, by name."""

    section: str
    name: str
    run: Callable[[int], Outcome]
    records: int
    most: Mapping[str, float] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)
    shown: Sequence[str] = ()
    """What is shown besides."""

    def misses(self, outcome: Outcome) -> list[str]:
        over = [name for name, bound in self.most.items() if outcome[name] > bound]
        return over + [name for name, bound in self.least.items() if outcome[name] < bound]


def _case(wcu: float, workers: int, credit: float, records: int, units: int = 5, **more: object) -> Case:
    setting = Setting(units_per_second=wcu, workers=workers, burst_seconds=credit, verify_deletes=False)
    return Case(replace(setting, **more), records, units)  # type: ignore[arg-type] # the setting's own


def _run(case: Case, seed: int) -> Outcome:
    """Without the utilisation where records arrive later, or the rate changes: then it says nothing."""
    outcome = asdict(measure(case, seed))
    if case.arrivals or case.faults().capacity:
        del outcome["utilisation"], outcome["utilisation_99"]
    if case.sizes:
        del outcome["utilisation_99"]  # 99 % of the records are not 99 % of the units
    return outcome


def _goal(
    section: str,
    name: str,
    case: Case,
    *,
    most: Mapping[str, float],
    least: Mapping[str, float],
    shown: Sequence[str] = (),
) -> Goal:
    return Goal(section, name, partial(_run, case), case.total, most, least, shown)


def _name(case: Case) -> str:
    setting = case.setting
    return f"{setting.units_per_second:g} WCU, {setting.workers} at once, {case.records:,} records"


def _with_credit() -> list[Goal]:
    most, least = {"dollars": 0.60, "receives": 3.0, "throttles": 0.1}, {"utilisation": 0.97}
    sizes = [(5, 2000), (5, 7000), (100, 20_000), (100, 100_000), (1000, 100_000)]
    cases = [
        _case(wcu, workers, credit, records)
        for credit in (300, 60)
        for wcu, records in sizes
        for workers in (2, 10, 100)
    ]
    return [
        _goal(f"{each.setting.burst_seconds:g} s of credit", _name(each), each, most=most, least=least)
        for each in cases
    ]


def _long() -> list[Goal]:
    most, least = {"dollars": 1.00, "receives": 6.0}, {"utilisation": 0.97}
    sizes = [(5, 100_000, 5), (1000, 1_000_000, 5), (5, 200_000, 5), (5, 250_000, 1)]
    cases = [_case(wcu, 10, 300, records, units) for wcu, records, units in sizes]
    return [
        _goal(
            "long drains, 300 s of credit",
            _name(each) + (" of one unit" if each.units == 1 else ""),
            each,
            most=most,
            least=least,
            shown=("hours",),
        )
        for each in cases
    ]


def _with_little_credit() -> list[Goal]:
    most, least = {"dollars": 1.20}, {"utilisation": 0.96}
    cases = [_case(wcu, 10, 30, records) for wcu, records in ((5, 2000), (100, 20_000), (1000, 100_000))]
    return [_goal("30 s of credit", _name(each), each, most=most, least=least) for each in cases]


def _without_credit() -> list[Goal]:
    cases = [
        *((_case(5, workers, 0, 2000), 3.50, 0.92) for workers in (2, 10, 100)),
        (_case(100, 10, 0, 20_000), 0.90, 0.95),
        (_case(1000, 10, 0, 100_000), 1.20, 0.91),
        (_case(1, 10, 0, 400), 8.00, 0.92),
    ]
    return [
        _goal("no credit", _name(each), each, most={"dollars": dollars}, least={"utilisation": utilisation})
        for each, dollars, utilisation in cases
    ] + [
        _goal("1 WCU, 300 s of credit", _name(each), each, most={"dollars": 1.20}, least={})
        for each in [_case(1, 10, 300, 400)]
    ]


def _fresh_counts() -> list[Goal]:
    """SQS's counts may be a minute old, and most of the time they are not."""
    most, least = {"dollars": 0.60, "receives": 3.0, "throttles": 0.1}, {"utilisation": 0.97}
    cases = [
        _case(5, workers, 300, records, counts_age_seconds_max=1.0, counts_error=0.0)
        for records in (500, 2000)
        for workers in (2, 10)
    ]
    return [_goal("counts a second old, 300 s of credit", _name(each), each, most=most, least=least) for each in cases]


def _small_records() -> list[Goal]:
    cases = [
        ("batches of 10", _case(1000, 2, 300, 100_000, units=1, batch_size=10, window_seconds=0.0)),
        ("batches of 100, window 1 s", _case(1000, 2, 300, 100_000, units=1, batch_size=100, window_seconds=1.0)),
    ]
    return [
        _goal("0.5 KB", f"1000 WCU, 2 at once, {name}", case, most={}, least={"utilisation": 0.80})
        for name, case in cases
    ]


def _two_sizes() -> list[Goal]:
    """One of five records needs five units, and the others one."""
    orders = [("one by one", [5, 1, 1, 1, 1]), ("a hundred of a size together", [5] * 100 + [1] * 400)]
    return [
        _goal(
            "records of 4 KB and of 0.5 KB, 300 s of credit",
            f"{wcu} WCU, {workers} at once, {records:,} records, {order}",
            replace(_case(wcu, workers, 300, records), sizes=sizes),
            most={},
            least={"utilisation": 0.97},
        )
        for wcu, workers, records in ((5, 2, 2000), (5, 10, 2000), (100, 10, 20_000))
        for order, sizes in orders
    ]


def poisson(rate: float, seconds: float, seed: int) -> list[float]:
    """The times of arrivals."""
    random, now, times = Random(seed), 0.0, []
    while (now := now + random.expovariate(rate)) < seconds:
        times.append(now)
    return times


def _arriving(case: Case, rate: float, seconds: float, seed: int) -> Outcome:
    return _run(replace(case, arrivals=poisson(rate, seconds, seed)), seed)


def _arrivals() -> list[Goal]:
    settings = [(window, batch) for window in (0, 1, 5, 20) for batch in (10, 100) if window or batch == 10]  # noqa: PLR2004 - more need a window
    return [
        Goal(
            "a day of arrivals at 0.9 of the rate, 5 WCU, 1,000 records before them",
            f"window {window} s, batches of {batch}",
            partial(_arriving, _case(5, 10, 300, 1000, window_seconds=float(window), batch_size=batch), 0.9, _DAY),
            80_000,
            most={"dollars": 0.80},
            shown=("age_p50", "age_p99"),
        )
        for window, batch in settings
    ]


def _capacity_changes() -> list[Goal]:
    def case(wcu: float, records: int, at: float, to: float) -> Case:
        return replace(_case(wcu, 10, 300, records), faults=partial(SimulatedFaults, capacity=[(at, to)]))

    section, kept = "capacity changes", {"dead_lettered": 0.0, "receives_max": 20.0}
    return [
        Goal(
            section,
            "5 to 50 WCU after 10 min, 6,000 records (ideal 0.32 h)",
            partial(_run, case(5, 6000, 600, 50)),
            6000,
            most={"hours": 0.9, "dollars": 1.00},
        ),
        Goal(section, "50 to 5 WCU after 5 min, 6,000 records", partial(_run, case(50, 6000, 300, 5)), 6000, most=kept),
        Goal(section, "5 to 1 WCU after 5 min, 1,000 records", partial(_run, case(5, 1000, 300, 1)), 1000, most=kept),
    ]


def _credit_returns(seed: int) -> Outcome:
    """Dollars per million records in each half hour."""
    windows = [(0.0, 0.0), (_CREDIT_FROM, 300.0), (_CREDIT_UNTIL, 0.0)]
    run = prepared(replace(_case(5, 10, 300, 14_000), faults=partial(SimulatedFaults, burst=windows)), seed)
    looks: list[tuple[float, int]] = []

    def look(world: World) -> None:
        looks.append((world.bill.dollars(), world.table.puts))
        if world.queue.messages:
            world.clock.start(partial(look, world), _HALF_HOUR)

    run.world.clock.start(partial(look, run.world))
    outcome = asdict(drained(run))
    half_hours = {
        f"half_hour_{n}": (dollars - before) / max(1, puts - puts_before) * 1_000_000
        for n, ((before, puts_before), (dollars, puts)) in enumerate(pairwise(looks), start=1)
    }
    return {**outcome, **half_hours}


def _ages_beside_first_in_first_out(seed: int) -> Outcome:
    case, rate, seconds = _case(50, 10, 300, 5000), 10.0, 2 * _HOUR
    case = replace(case, arrivals=poisson(0.8 * rate, seconds, seed))
    outcome = _run(case, seed)
    ages, free_at = [], 0.0
    for sent in [0.0] * case.records + list(case.arrivals):
        free_at = max(free_at, sent) + 1 / rate
        ages.append(free_at - sent)
    ages.sort()
    p99, greatest = percentile(ages, 0.99), ages[-1]
    times = {"p99_times": outcome["age_p99"] / p99, "max_times": outcome["age_max"] / greatest}
    return {**outcome, **times, "first_in_first_out_p99": p99}


def _others() -> list[Goal]:
    least = {"utilisation": 0.93}
    partial_receives = partial(SimulatedFaults, partial_receives=True)
    return [
        Goal(
            "credit that comes and goes",
            "5 WCU, 14,000 records: an hour without credit, two with it, then none",
            _credit_returns,
            14_000,
            most={"half_hour_6": 0.80},
            shown=[f"half_hour_{n}" for n in range(1, 9)],
        ),
        Goal(
            "age beside first in, first out",
            "50 WCU, 5,000 waiting, then arrivals at 0.8 of the rate for two hours",
            _ages_beside_first_in_first_out,
            60_000,
            most={"p99_times": 1.15, "max_times": 1.5},
            shown=("age_p99", "first_in_first_out_p99"),
        ),
        _goal(
            "a difficult event source",
            "5 WCU, half of all environments fresh",
            _case(5, 10, 300, 2000, fresh_share=0.5),
            most={},
            least=least,
        ),
        _goal(
            "a difficult event source",
            "5 WCU, receives return 1 to 10 messages",
            replace(_case(5, 10, 300, 2000), faults=partial_receives),
            most={},
            least=least,
        ),
    ]


GOALS = [
    *_with_credit(),
    *_with_little_credit(),
    *_without_credit(),
    *_fresh_counts(),
    *_small_records(),
    *_two_sizes(),
    *_arrivals(),
    *_capacity_changes(),
    *_others(),
    *_long(),
]
