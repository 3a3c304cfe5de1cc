"""Any JSON, as Hypothesis strategies: numbers as text, so that every digit and every notation of a number is tried."""

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from hypothesis import strategies as st


@dataclass(frozen=True)
class Number:
    """A number as it is written in JSON."""

    text: str


Json: TypeAlias = "Number | str | bool | list[Json] | dict[str, Json] | None"


def dumps(value: Json) -> str:
    if isinstance(value, Number):
        return value.text
    if isinstance(value, list):
        return f"[{','.join(map(dumps, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{dumps(element)}" for name, element in value.items()) + "}"
    return json.dumps(value)


def exact(value: Json) -> Any:
    """The value with exact numbers."""
    if isinstance(value, Number):
        return Decimal(value.text)
    if isinstance(value, list):
        return [exact(element) for element in value]
    if isinstance(value, dict):
        return {name: exact(element) for name, element in value.items()}
    return value


def loads(text: str) -> Any:
    """Parses with the standard library, numbers exactly."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@st.composite
def _numbers(draw: st.DrawFn) -> Number:
    sign = draw(st.sampled_from(["", "", "-"]))
    digits = draw(st.text("0123456789", min_size=1, max_size=draw(st.sampled_from([3, 37, 38, 39, 60]))))
    whole = digits.lstrip("0") or "0"
    fraction = draw(st.just("") | st.text("0123456789", min_size=1, max_size=draw(st.sampled_from([3, 38, 70]))))
    exponent = draw(
        st.just("")
        | st.builds("{}{}{}".format, st.sampled_from("eE"), st.sampled_from(["", "+", "-"]), st.integers(0, 140))
        | st.sampled_from(["e125", "E+126", "e-130", "E-131", "e87", "e88", "e999999999", "e-999999999"])
    )
    return Number(f"{sign}{whole}{'.' if fraction else ''}{fraction}{exponent}")


_CHARACTERS = st.characters(exclude_categories=["Cs"])
_ODD_TEXTS = st.sampled_from(["", "\x00", "\ufffe\uffff", "😀", "/", "~1"])
_GOOD_NAMES = st.text(_CHARACTERS, min_size=1, max_size=12) | st.sampled_from(["a", "b/c", "d~e"])
_GOOD_IDS = st.text(_CHARACTERS, min_size=1, max_size=12) | st.sampled_from(["x" * 2048, "Ж" * 1024, "a/b\n", "\n"])
_GOOD_NUMBERS = (
    st.integers(-(10**38) + 1, 10**38 - 1).map(str)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100, allow_subnormal=False)
    .filter(lambda number: number == 0 or abs(number) > 1e-100)
    .map(repr)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=9).map(str)
).map(Number)


def _mostly(good: st.SearchStrategy[Any], other: st.SearchStrategy[Any], of: int) -> st.SearchStrategy[Any]:
    """The other once in `of` times: a case in which everything is invalid at once tests little."""
    return st.integers(1, of).flatmap(lambda drawn: other if drawn == of else good)


NAMES = _mostly(_GOOD_NAMES, st.sampled_from(["", "_forebay"]), of=40)
TEXTS = st.text(_CHARACTERS, max_size=20) | _ODD_TEXTS
NUMBERS = _mostly(_GOOD_NUMBERS, _numbers(), of=6)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
IDS = _mostly(_GOOD_IDS, SCALARS | st.sampled_from(["x" * 2049, "Ж" * 1025]), of=10)


@st.composite
def _deep(draw: st.DrawFn) -> Json:
    """A value nested in a number of brackets around the limit."""
    value: Json = draw(SCALARS)
    for _ in range(draw(st.integers(28, 33))):
        value = [value] if draw(st.booleans()) else {"n": value}
    return value


VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
RECORDS: st.SearchStrategy[Json] = st.builds(
    lambda attributes, own: {**attributes, **own},
    st.dictionaries(NAMES, _mostly(VALUES, _deep(), of=8), max_size=4),
    st.fixed_dictionaries({}, optional={"id": IDS}),
)
ANYTHING = _mostly(RECORDS | st.lists(RECORDS, max_size=3), VALUES, of=8)
