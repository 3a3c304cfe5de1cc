"""Where a command works: on AWS, or on a local stack, whose port may be the environment's."""

import argparse

import pytest

from ops import target_options
from ops.target import TargetMissing


def local_port(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    ports: list[int] = []
    monkeypatch.setattr(target_options, "on_this_machine", ports.append)
    parser = argparse.ArgumentParser()
    target_options.add_to(parser)
    target_options.target_of(parser.parse_args(arguments))
    (port,) = ports
    return port


def test_local_without_a_number_is_the_environments_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "8123")
    assert local_port(monkeypatch, "--local") == 8123
    assert local_port(monkeypatch, "--local=8124") == 8124
    monkeypatch.delenv("PORT")
    assert local_port(monkeypatch, "--local") == 8000


def test_an_environment_without_a_port_is_told_apart_from_no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "http")
    with pytest.raises(TargetMissing, match="PORT=http: a whole number from 1 to 65535"):
        local_port(monkeypatch, "--local")
