"""Commands as an operator types them, in this process."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ops.__main__ import main
from tests.emulator.ops.buffer import Buffer, faulty

SECRET = "the contents of the record"
FAILED = {"Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": False}]}
"""SQS's answer to a batch whose only entry failed."""


def letters(*arguments: str) -> int:
    return main(["dead-letters", *arguments])


def through(monkeypatch: pytest.MonkeyPatch, buffer: Buffer, **calls: Callable[..., Any]) -> None:
    """Replaces these calls of the commands' SQS client."""
    target = replace(buffer.target, sqs=faulty(buffer.sqs, **calls))
    monkeypatch.setattr("ops.target_options.on_this_machine", lambda _: target)
