"""Both fronts of the processed template: an HTTP API (`Front=HttpApi`) and a function URL (`Front=FunctionUrl`)."""

import json
import re
from typing import Any

import pytest

from dev.paths import ROOT
from tests.static.processed import TEMPLATE, Processed, broken_rules, processed, references

_ROUTES = {
    "PostRoute": "POST /{proxy+}",
    "GetRoute": "GET /{proxy+}",
    "HeadRoute": "HEAD /{proxy+}",
    "GetRootRoute": "GET /",
    "HeadRootRoute": "HEAD /",
}
_HTTP_API = {"HttpApi", "HttpApiStage", "HttpApiIntegration", "HttpApiPermission", *_ROUTES}
_FUNCTION_URL = {"FunctionUrl"}
_OPEN_FUNCTION_URL = {"FunctionUrlPermission", "FunctionUrlInvokePermission"}
_JWT = {"Authorization": "JWT", "JwtIssuer": "https://issuer.example", "JwtAudience": "forebay"}
_OPEN_URL = {"Front": "FunctionUrl", "Authorization": "NONE", "ApiMaximumConcurrency": "50"}
_COMBINATIONS: dict[str, tuple[dict[str, str], set[str]]] = {
    "the default": ({}, _HTTP_API),
    "open": ({"Authorization": "NONE"}, _HTTP_API),
    "JWT": (_JWT, _HTTP_API | {"HttpApiAuthorizer"}),
    "access log": ({"AccessLog": "true"}, _HTTP_API | {"AccessLogs"}),
    "function URL": ({"Front": "FunctionUrl", "AccessLog": "true"}, _FUNCTION_URL),
    "open function URL": (_OPEN_URL, _FUNCTION_URL | _OPEN_FUNCTION_URL),
}
_OF_A_FRONT = set().union(*(names for _, names in _COMBINATIONS.values()))
_PSEUDO = {"AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::StackName"}


@pytest.mark.parametrize(("given", "names"), _COMBINATIONS.values(), ids=_COMBINATIONS)
def test_only_the_resources_of_its_front_exist(given: dict[str, str], names: set[str]) -> None:
    assert broken_rules(**given) == []
    stack = processed(**given)
    assert stack.resources.keys() & _OF_A_FRONT == names
    kinds = {each["Type"].rpartition("::")[0] for each in stack.resources.values()}
    assert ("AWS::ApiGatewayV2" in kinds) == ("HttpApi" in names)
    assert ("HttpApiId" in stack.outputs) == ("HttpApi" in names)


@pytest.mark.parametrize("optional", [{}, {"AlarmEmail": "owner@example.com", "TableSortKey": "at", "Tracing": "true"}])
@pytest.mark.parametrize("table", [{}, {"ExistingTableName": "mine"}, {"TableWriteCapacityUnitsMax": "50"}])
@pytest.mark.parametrize("given", [given for given, _ in _COMBINATIONS.values()], ids=_COMBINATIONS)
def test_nothing_refers_to_what_does_not_exist(
    given: dict[str, str], table: dict[str, str], optional: dict[str, str]
) -> None:
    stack = processed(**given, **table, **optional, CorsOrigins="https://page.example")
    known = stack.resources.keys() | TEMPLATE["Parameters"].keys() | _PSEUDO
    assert set(references([stack.resources, stack.outputs])) <= known


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ({"Front": "FunctionUrl", **_JWT}, ["A function URL cannot check a JWT."]),
        ({"Front": "FunctionUrl", "Authorization": "NONE"}, ["everybody may call needs an ApiMaximumConcurrency."]),
        ({"Authorization": "JWT"}, ["needs JwtIssuer.", "needs JwtAudience."]),
        (
            {"ConsumerBatchSize": "11", "ConsumerBatchWindowSeconds": "0"},
            ["a ConsumerBatchWindowSeconds of at least 1."],
        ),
        ({"ConsumerBatchSize": "11", "ConsumerBatchWindowSeconds": "1"}, []),
        ({"ConsumerBatchSize": "10", "ConsumerBatchWindowSeconds": "0"}, []),
        ({"ConsumerBatchSize": "1", "ConsumerBatchWindowSeconds": "0"}, []),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_created(given: dict[str, str], reasons: list[str]) -> None:
    broken = broken_rules(**given)
    assert len(broken) == len(reasons)
    assert all(reason in text for reason, text in zip(reasons, broken, strict=True))


def permissions(stack: Processed) -> list[dict[str, Any]]:
    return [each["Properties"] for each in stack.of_type("AWS::Lambda::Permission").values()]


def test_both_fronts_call_the_function_itself_so_that_a_changed_parameter_is_in_use_at_once() -> None:
    """SAM publishes no version for a parameter's new value: an alias would go on with the old environment."""
    for given in ({}, _OPEN_URL):
        stack = processed(**given)
        assert not stack.of_type("AWS::Lambda::Alias")
        assert not stack.of_type("AWS::Lambda::Version"), "versions stay when a stack is updated or deleted"
        targets = [each["FunctionName"] for each in permissions(stack)]
        targets += [each["Properties"]["TargetFunctionArn"] for each in stack.of_type("AWS::Lambda::Url").values()]
        targets += [
            each["Properties"]["IntegrationUri"] for each in stack.of_type("AWS::ApiGatewayV2::Integration").values()
        ]
        assert targets
        assert all(target in ({"Ref": "ApiFunction"}, {"Fn::GetAtt": ["ApiFunction", "Arn"]}) for target in targets)


def header_names(document: Any) -> set[str]:
    """Of all answers in an OpenAPI document."""
    if isinstance(document, list):
        return set().union(*map(header_names, document))
    if not isinstance(document, dict):
        return set()
    own = set(document["headers"]) if isinstance(document.get("headers"), dict) else set()
    return own.union(*map(header_names, document.values()))


def test_a_page_of_another_origin_may_sign_and_read_every_header_of_an_answer() -> None:
    document = json.loads((ROOT / "openapi" / "openapi.json").read_text())
    for given, name, member in (
        ({}, "HttpApi", "CorsConfiguration"),
        ({"Front": "FunctionUrl"}, "FunctionUrl", "Cors"),
    ):
        cors = processed(CorsOrigins="https://page.example", **given).properties(name)[member]
        assert {"authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"} <= set(
            cors["AllowHeaders"]
        )
        assert {each.lower() for each in header_names(document)} - {"connection"} <= set(cors["ExposeHeaders"])


def test_each_line_of_the_access_log_is_json_with_and_without_an_error() -> None:
    text = processed(AccessLog="true").properties("HttpApiStage")["AccessLogSettings"]["Format"]
    for value in ("-", "Forbidden"):
        line = json.loads(re.sub(r"\$context[\w.]+", value, text))
        assert line["error"] == value
    assert "messageString" not in text, "API Gateway puts that into quotes itself"


@pytest.mark.parametrize(
    ("given", "authorization"), [({}, "AWS_IAM"), (_JWT, "JWT"), ({"Authorization": "NONE"}, "NONE")]
)
def test_every_path_that_the_api_has_is_a_route_with_the_same_authorization(
    given: dict[str, str], authorization: str
) -> None:
    routes = processed(**given).of_type("AWS::ApiGatewayV2::Route")
    assert {name: route["Properties"]["RouteKey"] for name, route in routes.items()} == _ROUTES
    without_key = [
        {name: value for name, value in route["Properties"].items() if name != "RouteKey"} for route in routes.values()
    ]
    assert without_key == without_key[:1] * len(_ROUTES)
    assert without_key[0]["AuthorizationType"] == authorization
    assert ("AuthorizerId" in without_key[0]) is (authorization == "JWT")


def test_an_http_api_may_call_the_function_only_by_its_own_routes() -> None:
    (permission,) = permissions(processed())
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["Action"] == "lambda:InvokeFunction"
    arn = permission["SourceArn"]["Fn::Sub"]
    assert arn.endswith(":${HttpApi}/*/*/*"), "stage, method and path"


def test_a_function_url_requires_signatures_and_its_function_allows_nobody_by_itself() -> None:
    stack = processed(Front="FunctionUrl")
    assert stack.properties("FunctionUrl")["AuthType"] == "AWS_IAM"
    assert permissions(stack) == []


def test_an_open_function_url_has_both_permissions_that_lambda_requires() -> None:
    stack = processed(**_OPEN_URL)
    assert stack.properties("FunctionUrl")["AuthType"] == "NONE"
    allowed = [{name: value for name, value in each.items() if name != "FunctionName"} for each in permissions(stack)]
    assert allowed == [
        {"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"},
        {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True},
    ]


def test_an_open_function_url_cannot_use_all_of_the_accounts_concurrency() -> None:
    assert processed(**_OPEN_URL).properties("ApiFunction")["ReservedConcurrentExecutions"] == "50"
    assert "ReservedConcurrentExecutions" not in processed().properties("ApiFunction")


def test_both_fronts_allow_the_same_pages() -> None:
    pages = {"CorsOrigins": "https://one.example,https://two.example"}
    url = processed(Front="FunctionUrl", **pages).properties("FunctionUrl")["Cors"]
    assert url == processed(**pages).properties("HttpApi")["CorsConfiguration"]
    assert url["AllowOrigins"] == ["https://one.example", "https://two.example"]
    assert "Cors" not in processed(Front="FunctionUrl").properties("FunctionUrl")
    assert "CorsConfiguration" not in processed().properties("HttpApi")


def test_the_address_has_no_slash_at_its_end() -> None:
    assert processed().outputs["ApiUrl"]["Value"] == {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]}
    # AWS's own ends with one: https://….lambda-url.us-east-1.on.aws/
    host = {"Fn::Select": [2, {"Fn::Split": ["/", {"Fn::GetAtt": ["FunctionUrl", "FunctionUrl"]}]}]}
    url = processed(Front="FunctionUrl").outputs["ApiUrl"]["Value"]
    assert url == {"Fn::Sub": ["https://${Host}", {"Host": host}]}


@pytest.mark.parametrize(
    ("front", "namespace", "names"),
    [
        ("HttpApi", "AWS/ApiGateway", ("Count", "4xx", "5xx", "Latency")),
        ("FunctionUrl", "AWS/Lambda", ("UrlRequestCount", "Url4xxCount", "Url5xxCount", "UrlRequestLatency")),
    ],
)
def test_the_alarm_and_the_dashboard_show_the_metrics_of_the_front(
    front: str, namespace: str, names: tuple[str, ...]
) -> None:
    stack = processed(Front=front)
    alarm = stack.properties("ApiErrorsAlarm")
    assert (alarm["Namespace"], alarm["MetricName"]) == (namespace, names[2])
    text, given = stack.properties("Dashboard")["DashboardBody"]["Fn::Sub"]
    plain = {name: value for name, value in given.items() if isinstance(value, str)}
    shown = re.sub(r"\$\{(\w+)\}", lambda found: plain.get(found[1], "resource"), text)
    shown = re.sub(r"\$\{[^}]+\}", "resource", shown)
    metrics = {
        metric[1]
        for widget in json.loads(shown)["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if len(metric) > 1 and isinstance(metric[1], str)
    }
    assert metrics >= set(names)
    other = "FunctionUrl" if front == "HttpApi" else "HttpApi"
    assert other not in set(references([alarm, given, text]))
