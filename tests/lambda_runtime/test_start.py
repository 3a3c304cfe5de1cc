"""The start of both functions: the error for a missing setting names it."""

import pytest

from tests.lambda_runtime.configuration import variables
from tests.lambda_runtime.process import Start

_FUNCTIONS = ("ApiFunction", "ConsumerFunction")
_HAS_DEFAULT = {"BACKLOG_HOURS_MAX"}


@pytest.fixture(scope="module")
def function(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.mark.parametrize(
    ("function", "variable"),
    [
        (function, variable)
        for function in _FUNCTIONS
        for variable in variables(function)
        if variable not in _HAS_DEFAULT
    ],
    indirect=["function"],
    scope="module",
)
def test_the_error_for_a_missing_setting_names_it_when_the_function_starts(start: Start, variable: str) -> None:
    with start(**{variable: None}) as process:
        error, exit_code = process.init_error()
        lines = process.lines()
    assert variable in error["errorMessage"]
    assert error["errorType"] in {"SettingMissing", "KeyError"}
    assert exit_code == 1
    assert any(variable in line.get("errorMessage", "") for line in lines)
