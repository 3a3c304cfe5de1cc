"""`python -m ops plan`: the page, and the messages for invalid input."""

import argparse
import re
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.paths import ROOT
from ops import plan_command

_TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
_GIVEN = {"rate": "50", "burst-rate": "2000", "burst-minutes": "10", "record-bytes": "1500", "write-units": "150"}


def run(**given: str) -> int:
    parser = argparse.ArgumentParser(prog="python -m ops")
    plan_command.add_to(parser.add_subparsers(required=True))
    options = _GIVEN | {name.replace("_", "-"): value for name, value in given.items()}
    arguments = parser.parse_args(["plan", *(f"--{name}={value}" for name, value in options.items())])
    code: int = arguments.run(arguments)
    return code


def page(capsys: pytest.CaptureFixture[str], **given: str) -> str:
    assert run(**given) == 0
    return capsys.readouterr().out


def row(text: str, name: str) -> str:
    (line,) = [line for line in text.splitlines() if line.startswith(f"  {name}  ")]
    return " ".join(line.split())


def test_the_page_shows_the_backlog_its_age_and_the_time_to_drain_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys)
    assert row(text, "greatest") == "greatest 1,155,000 records, 1.73 GB"
    assert row(text, "drains") == "drains in 12 h 50 min after the burst, 11 h before the next"
    assert row(text, "greatest age").startswith("greatest age 4 h 17 min, of the 14 days")
    assert row(text, "with credit").startswith("with credit 1,132,500 records, drained in 12 h 35 min")
    assert row(text, "table") == "table 150 write units/s, so 75 records/s; 85 % used on average"


def test_the_page_compares_the_cost_with_a_table_without_a_buffer(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys)
    assert row(text, "API Gateway") == "API Gateway 166,987,500 requests, the first 300 million 166.99"
    assert row(text, "provisioned for the burst").startswith("provisioned for the burst 1,898.00 4,000 write units")
    assert row(text, "on demand").startswith("on demand 208.73")
    assert "Cheapest with these prices: on demand. Write directly to a table on demand" in text
    assert re.search(r"^  With 10 records a request: 1[34]\d\.\d\d buffered", text, re.MULTILINE)
    assert "us-east-1, arm64, as seen between 2024-11 and 2026-09" in text
    assert "free tiers" in text


def test_posting_more_records_together_makes_the_buffer_the_cheapest(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, records_per_request="10")
    assert "Cheapest with these prices: buffered.\n" in text


def test_a_front_without_api_gateway_and_less_memory_show_in_the_bill(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, front="FunctionUrl", api_memory="256")
    assert "API Gateway" not in text.partition("Not in the model")[0]
    half, all_of_it = (
        [line for line in each.splitlines() if line.startswith("  Lambda, API ") and "GB-seconds" in line]
        for each in (text, page(capsys, front="FunctionUrl"))
    )
    assert half != all_of_it


def test_a_table_that_is_too_slow_never_drains_and_another_is_advised(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, write_units="100")
    assert row(text, "drains") == "drains NEVER: 63.5 records/s arrive on average, 50 can be put"
    assert row(text, "grows") == "grows by 1,170,000 records a day"
    assert row(text, "RECORDS LOST").startswith("RECORDS LOST after about 65 days 17 h:")
    assert row(text, "TableWriteCapacityUnits").startswith("TableWriteCapacityUnits 159 not 100")
    assert "Plan again with --write-units 159" in text
    assert "NEVER" not in page(capsys, write_units="159")


def test_a_table_that_is_fast_enough_has_no_backlog(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, write_units="4000")
    assert row(text, "greatest") == "greatest none: the table is fast enough for the burst"
    assert "drains" not in text.partition("Parameters to set")[0]


def test_a_burst_beyond_the_limit_of_the_api_gets_a_higher_limit_advised(capsys: pytest.CaptureFixture[str]) -> None:
    assert row(page(capsys), "RequestsPerSecondMax").startswith("RequestsPerSecondMax 2500")
    assert "RequestsPerSecondMax" not in page(capsys, records_per_request="10")


def test_every_advised_parameter_exists_in_the_template_and_is_within_its_bounds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = page(capsys).partition("Parameters to set")[2].partition("\n\n")[0]
    advised = {line.split()[0]: int(line.split()[1]) for line in text.splitlines()[1:]}
    parameters = _TEMPLATE["Parameters"]
    assert len(advised) == 6
    assert set(advised) <= set(parameters)
    for name, value in advised.items():
        assert parameters[name].get("MinValue", 0) <= value <= parameters[name].get("MaxValue", value)
    assert parameters["RequestsPerSecondMax"]["Default"] == plan_command.REQUESTS_PER_SECOND


def test_a_plan_for_the_largest_records_shows_the_cost_of_ten_in_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, record_bytes="409456", rate="0.1", burst_rate="1")
    assert "With 10 records a request" in text
    assert "400 write units a put" in text


@pytest.mark.parametrize("given", [{}, {"write_units": "100"}, {"record_bytes": "409000", "write_units": "40000"}])
def test_the_page_has_at_most_120_columns_and_no_trailing_spaces(
    given: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = page(capsys, **given).splitlines()
    assert max(map(len, lines)) <= 120
    assert not [line for line in lines if line != line.rstrip()]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"rate": "many"}, "argument --rate: not a number: 'many'"),
        ({"rate": "nan"}, "argument --rate: not a number: 'nan'"),
        ({"burst_rate": "inf"}, "argument --burst-rate: not a number: 'inf'"),
        ({"write_units": "1.5"}, "argument --write-units: not a whole number: '1.5'"),
        ({"rate": "-1"}, "a rate must be 0 or more"),
        ({"burst_rate": "10"}, "a burst's rate must not be below the rate between bursts"),
        ({"burst_minutes": "1440"}, "end before the next begins"),
        ({"burst_every": "0"}, "end before the next begins"),
        ({"record_bytes": "500000"}, "a record has 1 to 409,456 bytes"),
        ({"write_units": "0"}, "at least 1 write unit"),
        ({"records_per_request": "5000"}, "about 5,000,000 bytes of JSON"),
        ({"consumer_memory": "64"}, "a function has at least 128 MB"),
        ({"front": "Gateway"}, "invalid choice: 'Gateway'"),
    ],
)
def test_invalid_input_is_an_error_that_names_it_and_nothing_is_planned(
    given: dict[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(**given)
    printed = capsys.readouterr()
    assert caught.value.code == 2
    assert message in printed.err
    assert printed.out == ""


def test_the_help_names_every_option_and_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m ops")
    plan_command.add_to(parser.add_subparsers(required=True))
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(["plan", "--help"])
    text = capsys.readouterr().out
    assert caught.value.code == 0
    assert "python -m ops plan --rate 50 --burst-rate 2000" in text
    for option in (
        *_GIVEN,
        "burst-every",
        "read-units",
        "records-per-request",
        "front",
        "access-log",
        "tracing",
        "api-memory",
    ):
        assert f"--{option} " in text
