"""Forebay's own signature is the one that botocore makes, whatever is signed."""

from datetime import UTC, datetime
from unittest import mock

import botocore.auth
import botocore.credentials
from botocore.awsrequest import AWSRequest
from hypothesis import given
from hypothesis import strategies as st

from api.outbound.signature import Credentials, signed

_WORD = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=", min_size=1, max_size=60)
_TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone


@given(
    body=st.binary(max_size=2000),
    credentials=st.builds(Credentials, _WORD, _WORD, st.none() | _WORD),
    region=st.sampled_from(["us-east-1", "eu-central-2", "cn-north-1"]),
    now=_TIMES,
)
def test_it_is_botocores(body: bytes, credentials: Credentials, region: str, now: datetime) -> None:
    headers = {
        "host": f"sqs.{region}.amazonaws.com",
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": "AmazonSQS.SendMessageBatch",
    }
    ours = signed(headers, body, credentials, region=region, service="sqs", now=now)
    request = AWSRequest("POST", f"https://{headers['host']}/", headers=headers, data=body)
    theirs = botocore.credentials.ReadOnlyCredentials(credentials.access_key, credentials.secret_key, credentials.token)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now.replace(tzinfo=None)):
        botocore.auth.SigV4Auth(theirs, "sqs", region).add_auth(request)
    assert ours == {name.lower(): value for name, value in request.headers.items()}


def test_credentials_do_not_tell_themselves() -> None:
    assert "secret" not in repr(Credentials("secret", "secret", "secret"))
