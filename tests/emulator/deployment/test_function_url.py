"""The deployed function URL (`Front=FunctionUrl`): who may call it, and that what it accepts is stored.

The emulator checks only lambda:InvokeFunctionUrl. AWS also requires lambda:InvokeFunction of the caller, and of an open
URL's own policy: tests/static/test_fronts.py checks that the template allows both.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.local.deploy import DeployFailed
from dev.paths import ROOT
from tests.emulator.deployment.emulator import ACCOUNT, REGION, Deployment, Signed, emulator
from tests.emulator.deployment.test_access import curl_signs, user
from tests.harness.waiting import eventually

_PAGE = "https://page.example"


@pytest.fixture(scope="module")
def signed_only() -> Iterator[Deployment]:
    with emulator(strict=True) as aws:
        yield aws.deploy(Front="FunctionUrl", CorsOrigins=_PAGE)


def may_call(deployment: Deployment) -> list[dict[str, Any]]:
    """The statements that docs/security.md names."""
    page = (ROOT / "docs" / "security.md").read_text()
    (statements,) = re.findall(r"```json\n(\[.*?\])\n```", page, re.DOTALL)
    filled = statements.replace("REGION:ACCOUNT:function:NAME", f"{REGION}:{ACCOUNT}:function:{name(deployment)}")
    assert filled != statements
    found: list[dict[str, Any]] = json.loads(filled)
    return found


def name(deployment: Deployment) -> str:
    return deployment.stack.api_function_name


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture(scope="module")
def keys(signed_only: Deployment) -> tuple[str, str]:
    """Those of a user who may call the URL, and do nothing else."""
    return user(signed_only, "producer", policy(*may_call(signed_only)))


@pytest.fixture(scope="module")
def producer(keys: tuple[str, str]) -> Signed:
    return Signed(*keys, service="lambda")


def test_a_signed_request_is_accepted_and_its_record_is_in_the_table_and_readable(
    signed_only: Deployment, producer: Signed
) -> None:
    accepted = signed_only.api.post("/records", json={"id": "a b/é%", "n": 1}, auth=producer)
    assert accepted.status_code == 202, accepted.text

    def read() -> Any:
        got = signed_only.api.get("/records/a%20b%2F%C3%A9%25", auth=producer)
        assert got.status_code in {200, 404}, got.text
        return got.json() if got.status_code == 200 else None

    assert eventually(read) == {"id": "a b/é%", "n": 1}
    assert "a b/é%" in {item["id"]["S"] for item in signed_only.items()}


def test_a_request_without_a_signature_is_refused(signed_only: Deployment) -> None:
    assert signed_only.api.post("/records", json={"id": "unsigned"}).status_code == 403
    assert signed_only.api.get("/records/unsigned").status_code == 403


def test_a_wrong_signature_is_refused(signed_only: Deployment, keys: tuple[str, str]) -> None:
    forged = Signed(keys[0], "not-the-secret", service="lambda")
    assert signed_only.api.post("/records", json={"id": "forged"}, auth=forged).status_code == 403


def test_a_user_who_may_only_invoke_the_function_directly_is_refused(signed_only: Deployment) -> None:
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name(signed_only)}:live"
    direct = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": arn}
    stranger = Signed(*user(signed_only, "stranger", policy(direct)), service="lambda")
    assert signed_only.api.post("/records", json={"id": "strange"}, auth=stranger).status_code == 403


@pytest.mark.skipif(not curl_signs(), reason="no curl that signs requests (7.75 or newer)")
def test_the_curl_line_of_the_docs_is_accepted(signed_only: Deployment, keys: tuple[str, str], tmp_path: Path) -> None:
    page = (ROOT / "docs" / "clients" / "README.md").read_text()
    (line,) = re.findall(r"^curl [^\n]*:lambda\"(?:[^\n]*\\\n)*[^\n]*", page, re.MULTILINE)
    # The name of a function URL does not lead to the emulator.
    (tmp_path / ".curlrc").write_text(f'connect-to = "::127.0.0.1:{signed_only.emulator.port}"\n')
    environment = {
        "HOME": str(tmp_path),
        "API_URL": signed_only.url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": keys[0],
        "AWS_SECRET_ACCESS_KEY": keys[1],
    }
    done = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [receipt["id"] for receipt in json.loads(done.stdout)["records"]] == ["42"]


def test_an_allowed_page_may_call_it_and_read_the_answer(signed_only: Deployment, producer: Signed) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,content-type"}
    preflight = signed_only.api.options("/records", headers={"origin": _PAGE, **asked})
    assert preflight.headers["access-control-allow-origin"] == _PAGE
    assert {"authorization", "x-amz-date"} <= set(preflight.headers["access-control-allow-headers"].split(","))
    answer = signed_only.api.get("/buffer", headers={"origin": _PAGE}, auth=producer)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, _PAGE)
    assert "x-request-id" in answer.headers["access-control-expose-headers"]
    other = signed_only.api.options("/records", headers={"origin": "https://stranger.example", **asked})
    assert "access-control-allow-origin" not in other.headers


def test_the_stack_has_no_http_api(signed_only: Deployment) -> None:
    assert signed_only.client("apigatewayv2").get_apis()["Items"] == []
    assert not any(kind.startswith("AWS::ApiGateway") for kind in signed_only.resource_types())
    assert signed_only.stack.http_api_id == ""


@pytest.fixture(scope="module")
def everybody() -> Iterator[Deployment]:
    with emulator(strict=True) as aws:
        yield aws.deploy(Front="FunctionUrl", Authorization="NONE", ApiMaximumConcurrency="5")


def test_without_authorization_everybody_may_call_it(everybody: Deployment) -> None:
    assert everybody.api.post("/records", json={"id": "anybody"}).status_code == 202
    assert eventually(lambda: [item["id"]["S"] for item in everybody.items()]) == ["anybody"]


def test_an_open_url_has_both_permissions_and_no_other(everybody: Deployment) -> None:
    answer = everybody.client("lambda").get_policy(FunctionName=name(everybody))
    allowed = {each["Action"]: each["Condition"] for each in json.loads(answer["Policy"])["Statement"]}
    assert allowed == {
        "lambda:InvokeFunctionUrl": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
        "lambda:InvokeFunction": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {"Authorization": "JWT", "JwtIssuer": "https://issuer.example", "JwtAudience": "forebay"},
            "A function URL cannot check a JWT",
        ),
        ({"Authorization": "NONE"}, "A function URL that everybody may call needs an ApiMaximumConcurrency"),
    ],
)
def test_what_a_function_url_cannot_do_is_refused_before_anything_is_created(
    given: dict[str, str], reason: str
) -> None:
    with emulator() as aws:
        with pytest.raises(DeployFailed, match=reason):
            aws.deploy(Front="FunctionUrl", **given)
        assert aws.client("sqs").list_queues().get("QueueUrls", []) == []
