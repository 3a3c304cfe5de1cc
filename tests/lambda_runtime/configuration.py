"""A function's configuration in template.yaml: handler, time limit and environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from dev.paths import ROOT

_TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())


@dataclass(frozen=True, slots=True)
class Configuration:
    name: str
    handler: str
    timeout: int
    """Seconds."""
    memory: int
    """Megabytes."""
    log_format: str
    variables: dict[str, str]
    """Environment variables from the template; Lambda adds more."""


def configuration(name: str, resources: Mapping[str, str]) -> Configuration:
    """`resources`: the values of what the template refers to. Parameters have their defaults."""
    common = _TEMPLATE["Globals"]["Function"]
    own = _TEMPLATE["Resources"][name]["Properties"]
    variables = {**common["Environment"]["Variables"], **own["Environment"]["Variables"]}
    defaults = {parameter: str(each.get("Default")) for parameter, each in _TEMPLATE["Parameters"].items()}
    values = {**defaults, **resources}
    return Configuration(
        name=name,
        handler=own["Handler"],
        timeout=own["Timeout"],
        memory=int(_resolved(own["MemorySize"], values)),
        log_format={**common["LoggingConfig"], **own.get("LoggingConfig", {})}["LogFormat"],
        variables={variable: _resolved(value, values) for variable, value in variables.items()},
    )


def variables(name: str) -> list[str]:
    """The names of the environment variables that the template sets for a function."""
    parts = (_TEMPLATE["Globals"]["Function"], _TEMPLATE["Resources"][name]["Properties"])
    return sorted({variable for part in parts for variable in part["Environment"]["Variables"]})


def _resolved(value: Any, values: Mapping[str, str]) -> str:
    match value:
        case {"Ref": str(name)}:
            return values[name]
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{(\w+)\}", lambda found: values[found[1]], text)
        case {"Fn::If": [str(name), then, otherwise]}:
            return _resolved(then if _holds(_TEMPLATE["Conditions"][name], values) else otherwise, values)
        case str() | int():
            return str(value)
        case _:
            raise ValueError(f"not supported here: {value}")


def _holds(condition: Any, values: Mapping[str, str]) -> bool:
    match condition:
        case {"Fn::Equals": [one, other]}:
            return _resolved(one, values) == _resolved(other, values)
        case {"Fn::Not": [part]}:
            return not _holds(part, values)
        case _:
            raise ValueError(f"not supported here: {condition}")
