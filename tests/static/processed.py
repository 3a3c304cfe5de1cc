"""The template as CloudFormation sees it for given parameters: after SAM's transform, without what its conditions leave
out, and with the parameters' values. And its rules.
"""

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from dev.paths import ROOT

Json = dict[str, Any]
TEMPLATE: Json = yaml_parse((ROOT / "template.yaml").read_text())
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Processed:
    resources: Json
    outputs: Json

    def of_type(self, kind: str) -> Json:
        return {name: each for name, each in self.resources.items() if each["Type"] == kind}

    def properties(self, name: str) -> Json:
        properties: Json = self.resources[name]["Properties"]
        return properties


def processed(**given: str) -> Processed:
    template = copy.deepcopy(TEMPLATE)
    del template["Globals"]["Function"]["CodeUri"]
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": "key"}
    session = boto3.session.Session(region_name="us-east-1")
    transformed = Translator({}, Parser(), boto_session=session).translate(template, values(given))
    resolver = _Resolver(transformed, values(given))
    return Processed(resolver.section("Resources"), resolver.section("Outputs"))


def values(given: Mapping[str, str]) -> dict[str, Any]:
    """Each parameter's value, given or default, as Ref returns it."""
    found: dict[str, Any] = {}
    for name, parameter in TEMPLATE["Parameters"].items():
        value = str(given.get(name, parameter.get("Default")))
        found[name] = value.split(",") if parameter["Type"] == "CommaDelimitedList" else value
    assert given.keys() <= found.keys()
    return found


def broken_rules(**given: str) -> list[str]:
    """The texts of the assertions that refuse these parameters."""
    resolver = _Resolver(TEMPLATE, values(given))
    return [
        assertion["AssertDescription"]
        for rule in TEMPLATE["Rules"].values()
        if resolver.holds(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not resolver.holds(assertion["Assert"])
    ]


def references(node: Any) -> Iterator[str]:
    """The logical ids and parameters that a part of a template refers to."""
    match node:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::Sub": str(text)}:
            yield from _names(text)
        case {"Fn::Sub": [str(text), dict(given)]}:
            yield from (name for name in _names(text) if name not in given)
            yield from references(given)
        case dict():
            depends = node.get("DependsOn", [])
            yield from [depends] if isinstance(depends, str) else depends
            for part in node.values():
                yield from references(part)
        case list():
            for part in node:
                yield from references(part)


def _names(text: str) -> list[str]:
    return [name.partition(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text)]


class _Resolver:
    def __init__(self, template: Json, parameters: dict[str, Any]) -> None:
        self._template = template
        self._parameters = parameters

    def section(self, name: str) -> Json:
        items = self._template[name].items()
        return {key: self._of(each) for key, each in items if self._exists(each)}

    def _exists(self, each: Json) -> bool:
        return "Condition" not in each or self.holds({"Condition": each["Condition"]})

    def holds(self, condition: Any) -> bool:
        match condition:
            case {"Condition": str(name)}:
                return self.holds(self._template["Conditions"][name])
            case {"Fn::Equals": [one, other]}:
                return bool(self._of(one) == self._of(other))
            case {"Fn::Not": [part]}:
                return not self.holds(part)
            case {"Fn::And": parts}:
                return all(self.holds(part) for part in parts)
            case {"Fn::Contains": [texts, text]}:
                return self._of(text) in self._of(texts)
            case {"Fn::EachMemberEquals": [texts, text]}:
                return all(each == self._of(text) for each in self._of(texts))
        raise ValueError(f"not supported here: {condition}")

    def _of(self, node: Any) -> Any:
        value: Any = node
        match node:
            case {"Ref": "AWS::NoValue"}:
                value = _NOTHING
            case {"Ref": str(name)} if name in self._parameters:
                value = self._parameters[name]
            case {"Fn::If": [str(name), then, otherwise]}:
                value = self._of(then if self.holds({"Condition": name}) else otherwise)
            case {"Fn::FindInMap": [str(name), first, second]}:
                value = self._template["Mappings"][name][self._of(first)][self._of(second)]
            case {"Fn::Join": [str(by), parts]} if all(isinstance(part, str) for part in self._of(parts)):
                value = by.join(self._of(parts))
            case dict():
                value = {key: each for key, part in node.items() if (each := self._of(part)) is not _NOTHING}
            case list():
                value = [each for part in node if (each := self._of(part)) is not _NOTHING]
        return value
