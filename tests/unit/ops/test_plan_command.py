"""`python -m ops plan`: the page, and the messages for invalid input."""

import json
import re
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from dev.paths import ROOT
from ops import plan_command
from tests.unit.ops.planned import GIVEN, page, parser, part, row, run, run_options, words

_TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
_DOCS = (ROOT / "docs" / "operating.md").read_text()


def test_the_first_part_shows_the_backlog_its_age_and_the_time_to_drain_it(capsys: pytest.CaptureFixture[str]) -> None:
    text = part(page(capsys), 1)
    assert text.startswith("1. Does it drain? Yes.\n")
    assert row(text, "table") == "table 150 write units/s: 75 records/s, 85 % used on average"
    assert row(text, "largest backlog") == "largest backlog 1,155,000 records, 1.73 GB"
    assert row(text, "drained") == "drained 12 h 50 min after the burst, 11 h before the next one"
    in_order, at_most = "4 h 17 min in order of arrival", "at most 13 h, 3.9 % of the 14 days that SQS keeps a message"
    assert row(text, "greatest age") == f"greatest age {in_order}; {at_most}"
    assert row(text, "with credit").startswith("with credit 1,132,500 records, drained in 12 h 35 min")


def test_the_second_part_is_a_command_that_deploys_what_was_planned(capsys: pytest.CaptureFixture[str]) -> None:
    text = part(page(capsys), 2)
    assert 'make deploy PARAMETERS="TableWriteCapacityUnits=150 ConsumerMaximumConcurrency=2 \\\n' in text
    assert row(text, "TableWriteCapacityUnits") == "TableWriteCapacityUnits as given"


def test_the_third_part_compares_the_cost_and_says_plainly_that_the_buffer_does_not_pay(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = part(page(capsys), 3)
    assert row(text, "no buffer, table on demand").startswith("no buffer, table on demand 208.73 <- cheapest")
    assert row(text, "no buffer, provisioned for the peak").endswith("1,898.00 4,000 write units")
    assert text.count("<- cheapest") == 1
    verdict = "The buffer does not pay: it costs 27 % more than a table on demand. To save money, write directly"
    assert verdict in words(text)
    assert re.search(r"With 10 records in each request, Forebay costs 1[34]\d\.\d\d, which pays", words(text))


def test_posting_more_records_together_makes_the_buffer_the_cheapest(capsys: pytest.CaptureFixture[str]) -> None:
    text = part(page(capsys, records_per_request="10"), 3)
    assert "<- cheapest" in row(text, "Forebay, 150 write units")
    assert re.search(r"The buffer pays: it costs 3\d % less than a table on demand\.", text)


def test_where_the_api_decides_producers_that_need_none_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    alone = "Producers that can write to DynamoDB themselves need no API"
    given = {"record_bytes": "4500", "write_units": "400"}
    text = words(page(capsys, **given))
    assert "The buffer pays" in text
    assert alone in text
    assert alone not in words(page(capsys, **given | {"records_per_request": "10"}))


def test_a_table_that_loses_records_is_never_the_cheapest_nor_compared(capsys: pytest.CaptureFixture[str]) -> None:
    given = {"records_per_request": "10", "write_units": "100"}
    text = page(capsys, **given)
    first, second, third = (part(text, number) for number in (1, 2, 3))
    assert first.startswith("1. Does it drain? No, never.\n")
    grows = "by 1,170,000 records a day: 63.5/s arrive on average, 50/s can be put"
    assert row(first, "backlog grows") == f"backlog grows {grows}"
    assert row(first, "records lost").startswith("records lost after about 65 days 17 h:")
    assert "With 159 write units it drains, and nothing is lost:\n  table            159 write units/s" in first
    assert "TableWriteCapacityUnits=159 " in second
    assert "a table of 100 loses records, so it is no option" in third
    assert "Forebay, 100" not in third
    costs = page(capsys, **given | {"write_units": "159"})
    assert row(third, "Forebay, 159 write units") == row(costs, "Forebay, 159 write units")
    assert "No, never" not in costs


def test_a_burst_that_waits_longer_than_14_days_is_no_plan_although_it_drains(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = {"rate": "0", "burst_rate": "150", "burst_minutes": "180", "burst_every": "960", "write_units": "1"}
    text = page(capsys, **given, record_bytes="300")
    assert "1. Does it drain? No: records would wait for too long.\n" in text
    assert "Forebay, 2 write units" in part(text, 3)


def test_without_write_units_the_fewest_that_are_at_most_80_percent_used_are_planned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = [f"--{name}={value}" for name, value in GIVEN.items() if name != "write-units"]
    assert run_options(options) == 0
    text = capsys.readouterr().out
    assert "TableWriteCapacityUnits=159 " in text
    assert row(text, "table").endswith("80 % used on average")
    assert run_options([*options, "--write-units=158"]) == 0
    assert row(capsys.readouterr().out, "table").endswith("80 % used on average")


def test_a_smaller_table_that_would_do_is_named_with_its_price(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, write_units="400")
    (named,) = re.findall(r"A table of 159 write units would do, 80 % used: Forebay then costs ([\d.]+)", words(text))
    assert f" {named} " in row(page(capsys, write_units="159"), "Forebay, 159 write units")
    assert "would do" not in page(capsys, write_units="160")


def test_the_records_of_a_burst_are_another_way_to_say_its_rate(capsys: pytest.CaptureFixture[str]) -> None:
    options = [f"--{name}={value}" for name, value in GIVEN.items() if name != "burst-rate"]
    assert run_options([*options, "--burst-records=1200000"]) == 0
    assert capsys.readouterr().out == page(capsys)


def test_a_front_without_api_gateway_and_less_memory_show_in_the_bill_and_the_parameters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = page(capsys, "--details", front="FunctionUrl", api_memory="256")
    assert "API Gateway" not in text
    assert "ApiMemoryMegabytes=256 Front=FunctionUrl" in text
    assert "RequestsPerSecondMax" not in text, "a function URL has no such limit"
    half, all_of_it = (
        [line for line in each.splitlines() if line.startswith("  Lambda, API ") and "GB-seconds" in line]
        for each in (text, page(capsys, "--details", front="FunctionUrl"))
    )
    assert half != all_of_it


def test_each_line_of_the_bill_is_printed_on_request_only(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, "--details")
    assert row(text, "API Gateway") == "API Gateway 166,987,500 requests, the first 300 million 166.99"
    assert "API Gateway  " not in page(capsys)


def test_a_table_that_is_fast_enough_has_no_backlog(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, write_units="4000")
    assert row(text, "largest backlog") == "largest backlog none: the table is fast enough for the burst"
    assert "drained" not in part(text, 1)


def test_every_advised_parameter_exists_in_the_template_and_is_within_its_bounds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ["--access-log", "--tracing", "--api-memory=256", "--consumer-memory=256", "--read-units=9"]
    assert run(*more, "--json") == 0
    advised = json.loads(capsys.readouterr().out)["parameters"]
    parameters = _TEMPLATE["Parameters"]
    assert len(advised) == 8
    for name, value in advised.items():
        assert value in parameters[name].get("AllowedValues", [value])
        if parameters[name]["Type"] == "Number":
            assert parameters[name].get("MinValue", 0) <= int(value) <= parameters[name].get("MaxValue", int(value))
            assert int(value) != parameters[name]["Default"] or name == "ConsumerMaximumConcurrency"


def test_a_plan_for_the_largest_records_shows_the_cost_of_ten_in_a_request(capsys: pytest.CaptureFixture[str]) -> None:
    text = page(capsys, record_bytes="409456", rate="0.1", burst_rate="1")
    assert "With 10 records in each request" in text
    assert "takes 400 write units" in text


@pytest.mark.parametrize("options", plan_command.EXAMPLES.values())
def test_each_example_is_a_plan_that_drains_and_is_in_the_docs(
    options: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_options(options.split()) == 0
    assert "1. Does it drain? Yes.\n" in capsys.readouterr().out
    assert f'make plan ARGS="{options}"\n' in _DOCS


def test_the_page_in_the_docs_is_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_options(next(iter(plan_command.EXAMPLES.values())).split()) == 0
    assert f"```text\n{capsys.readouterr().out}```\n" in _DOCS


def test_the_commands_in_the_docs_are_the_examples() -> None:
    assert set(re.findall(r'make plan ARGS="(--rate .*?)"', _DOCS)) == set(plan_command.EXAMPLES.values())


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
        ({"consumer_memory": "64"}, "a function has 128 to 10,240 MB"),
        ({"api_memory": "10241"}, "a function has 128 to 10,240 MB"),
        ({"rate": "200000", "burst_rate": "200000", "consumer_memory": "128"}, "more than the consumer can put"),
        ({"burst_records": "100"}, "--burst-records: not allowed with argument --burst-rate"),
        ({"burst_rate": "1e300"}, "at most 100,000,000 records a second"),
        ({"picture": "backlog.png"}, "its name must end in .svg: 'backlog.png'"),
        ({"picture": "/nowhere/backlog.svg"}, "cannot write /nowhere/backlog.svg: No such file or directory"),
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


def test_the_help_names_every_option_and_has_the_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parser().parse_args(["plan", "--help"])
    text = capsys.readouterr().out
    assert caught.value.code == 0
    assert all(f"  {about}:\n    {options}\n" in text for about, options in plan_command.EXAMPLES.items())
    for option in (
        *GIVEN,
        "burst-every",
        "read-units",
        "records-per-request",
        "front",
        "access-log",
        "tracing",
        "api-memory",
        "details",
        "json",
        "picture",
    ):
        assert re.search(rf"--{option}\b", text)
