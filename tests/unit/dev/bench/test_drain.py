"""The drain's benchmark: what it measures, against cases whose result is known."""

from dataclasses import replace

import pytest

from dev.bench.drain.goal_rows import Goal
from dev.bench.drain.goals import medians, row, seeds_of
from dev.bench.drain.measure import Case, ideal, measure, percentile
from dev.bench.drain.policies import FOREBAY, POLICIES, Policy
from dev.bench.drain.virtual import with_policies
from dev.simulation.environments import Handler
from dev.simulation.world import Setting, World

_CASE = Case(
    Setting(units_per_second=5, workers=2, batch_size=10, window_seconds=0.0, verify_deletes=False), records=60
)
_BY_NAME = {policy.name: policy for policy in POLICIES}


def _stores_nothing(_world: World) -> Handler:
    return lambda _event, _context: {"batchItemFailures": []}


def test_a_record_that_is_nowhere_is_an_error() -> None:
    with pytest.raises(AssertionError, match="60 records are missing"):
        measure(replace(_CASE, policy=Policy("careless", _stores_nothing)), seed=1)


def test_the_table_has_no_credit_at_the_start_so_nothing_is_faster_than_its_rate() -> None:
    setting = replace(_CASE.setting, units_per_second=100, burst_seconds=300)
    measured = measure(replace(_CASE, setting=setting, records=600, policy=_BY_NAME["waiting"]), seed=1)
    assert 0.9 < measured.utilisation <= 1.02
    assert measured.age_max == pytest.approx(measured.hours * 3600, rel=0.01)


def test_who_waits_in_the_invocation_pays_for_the_time_of_every_worker() -> None:
    measured = measure(replace(_CASE, policy=_BY_NAME["waiting"]), seed=1)
    assert measured.utilisation > 0.9
    # Two workers, a record a second.
    assert measured.seconds == pytest.approx(2000, rel=0.1)
    assert measured.dead_lettered == 0


def test_forebay_costs_less_and_dead_letters_nothing() -> None:
    forebay, waiting, *_ = (measure(case, seed=1) for case in with_policies(replace(_CASE, records=300)))
    assert forebay.dollars < waiting.dollars / 2
    assert forebay.dead_lettered == 0


def test_the_original_pattern_has_its_own_queue_settings_and_dead_letters() -> None:
    case = next(case for case in with_policies(_CASE) if case.policy.name == "original")
    assert (case.setting.visibility_seconds, case.setting.receives_max) == (20, 20)
    assert measure(case, seed=1).dead_lettered > 0.2


def test_the_ideal_is_one_receive_one_deletion_and_one_invocation_for_a_full_batch() -> None:
    computed = ideal(_CASE)
    assert (computed.utilisation, computed.receives, computed.throttles) == (1, 1, 0)
    assert 0.10 < computed.dollars < measure(replace(_CASE, policy=FOREBAY), seed=1).dollars


def test_of_a_share_the_percentile_is_the_value_that_so_many_do_not_exceed() -> None:
    assert percentile([1, 2, 3, 4], 0.5) == 3
    assert percentile([1, 2, 3, 4], 0.99) == 4


def test_a_goal_that_is_missed_says_so() -> None:
    goal = Goal("section", "name", lambda _: {}, 100, most={"dollars": 1.0}, least={"utilisation": 0.9})
    outcome = {
        "dollars": 2.0,
        "receives": 1.0,
        "utilisation": 0.95,
        "utilisation_99": 0.9,
        "throttles": 0.0,
        "dead_lettered": 0.0,
    }
    assert goal.misses(outcome) == ["dollars"]
    assert "**missed: $/M**" in row(goal, outcome)
    assert "| met |" in row(goal, {**outcome, "dollars": 0.5})


def test_the_median_hides_no_dead_letter() -> None:
    outcomes = [{"dead_lettered": 0.0, "dollars": n} for n in (1.0, 5.0, 2.0)]
    outcomes[1]["dead_lettered"] = 0.01
    assert medians(outcomes) == {"dead_lettered": 0.01, "dollars": 2.0}


@pytest.mark.parametrize(("records", "seeds"), [(2000, 10), (100_000, 2), (1_000_000, 1)])
def test_large_cases_take_fewer_seeds(records: int, seeds: int) -> None:
    assert seeds_of(Goal("", "", lambda _: {}, records), 10) == seeds
