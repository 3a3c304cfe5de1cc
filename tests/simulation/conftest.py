"""A world silences the consumer's log; other tests read it."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    log = logging.getLogger("consumer")
    level = log.level
    yield
    log.setLevel(level)
