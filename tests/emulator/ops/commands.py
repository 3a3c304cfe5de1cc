"""Commands as an operator types them, in this process."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ops.__main__ import main
from tests.emulator.ops.buffer import Buffer, faulty

SECRET = "what the record holds"
FAILED = {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
"""What SQS answers to a batch of one that it could not do."""


def letters(*arguments: str) -> int:
    return main(["dead-letters", *arguments])


def through(monkeypatch: pytest.MonkeyPatch, buffer: Buffer, **calls: Callable[..., Any]) -> None:
    """The commands' calls of SQS are replaced by these."""
    target = replace(buffer.target, sqs=faulty(buffer.sqs, **calls))
    monkeypatch.setattr("ops.target_options.on_this_machine", lambda _: target)
