"""How many cases a property test tries."""

from hypothesis import HealthCheck, settings


def cases(number: int) -> settings:
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much]
    return settings(max_examples=number, deadline=None, suppress_health_check=slow)
