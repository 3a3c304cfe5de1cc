"""The texts of an array's elements: each as it was written, for exactly what is JSON."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.ingest.elements import element_texts
from records.errors import TextMalformed

_SPACE = st.text(" \t\n\r", max_size=3)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _refuse(name: str) -> None:
    raise ValueError(name)


def is_json(text: bytes) -> bool:
    try:
        json.loads(text.decode(), parse_int=str, parse_float=str, parse_constant=_refuse)
    except ValueError:
        return False
    return True


@given(values=st.lists(_VALUES, max_size=5), space=_SPACE, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_each_element_is_found_as_it_was_written(
    values: list[Any], space: str, *, ascii_only: bool, indent: int | None
) -> None:
    texts = [json.dumps(value, ensure_ascii=ascii_only, indent=indent) for value in values]
    try:
        expected = [text.encode() for text in texts]
    except UnicodeEncodeError:
        return
    joined = f"{space}[{space}{f'{space},{space}'.join(texts)}{space}]{space}"
    assert element_texts(joined.encode()) == expected


@given(value=_VALUES.filter(lambda value: not isinstance(value, list)), space=_SPACE)
def test_what_is_no_array_is_one_text_without_the_space_around_it(value: Any, space: str) -> None:
    text = json.dumps(value)
    assert element_texts(f"{space}{text}{space}".encode()) == [text.encode()]


@given(text=st.text('[]{},:"1-eE.+\\\\nultrefas 0\n\ufeffЖ', max_size=14))
def test_whatever_is_refused_is_not_json_and_whatever_is_json_is_not_refused(text: str) -> None:
    try:
        element_texts(text.encode())
    except TextMalformed:
        assert not is_json(text.encode())
    else:
        assert is_json(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" ",
        b"[",
        b"]",
        b"[1",
        b"[1,]",
        b"[,1]",
        b"[1 2]",
        b"[1]]",
        b"[1] 2",
        b"1 2",
        b"\xff",
        b"[NaN]",
        b"\xef\xbb\xbf[1]",
    ],
)
def test_what_is_not_json_as_a_whole_is_refused(text: bytes) -> None:
    with pytest.raises(TextMalformed):
        element_texts(text)


def test_brackets_of_any_depth_neither_hang_nor_crash() -> None:
    with pytest.raises(TextMalformed):
        element_texts(b"[" * 1_000_000)


def test_an_element_may_hold_what_no_record_can() -> None:
    elements = [b'{"a":1,"a":2}', b'"\\ud800"', b"1e999999999999", b"9" * 5000, b"[" * 150 + b"]" * 150]
    assert element_texts(b"[" + b",".join(elements) + b"]") == elements
    assert re.fullmatch(b"9+", element_texts(b"[" + b"9" * 5000 + b"]")[0])
