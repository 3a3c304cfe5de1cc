"""The errors that a command expects: there is no such stack, or AWS refuses a call or does not answer."""

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from ops.target import TargetMissing

EXPECTED_ERRORS = (TargetMissing, BotoCoreError, ClientError)
"""For `except`; `error_line` describes them."""

_NO_CREDENTIALS = (
    exceptions.CredentialRetrievalError,
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.ProfileNotFound,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
_UNREACHABLE = (exceptions.ConnectionError, exceptions.HTTPClientError)
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html; spelling varies by service.
_CREDENTIALS_REFUSED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "NotAuthorized", "UnauthorizedOperation"}


def error_line(error: BaseException) -> str:
    """The error as one line for people. It holds nothing of a record."""
    if isinstance(error, ClientError):
        text = _refusal(error)
    elif isinstance(error, NoRegionError):
        text = "no AWS region: set AWS_REGION, or AWS_PROFILE to a profile with one"
    elif isinstance(error, _NO_CREDENTIALS):
        text = f"no AWS credentials that work: {error}"
    elif isinstance(error, _UNREACHABLE):
        text = f"AWS cannot be reached: {error}"
    else:
        text = str(error)
    return " ".join(text.split())


def _refusal(error: ClientError) -> str:
    details = error.response["Error"]
    code, message = details.get("Code", ""), details.get("Message", "")
    if code in _CREDENTIALS_REFUSED:
        return f"AWS does not accept the credentials ({code})"
    if code in _DENIED:
        return f"AWS does not allow {error.operation_name}: {message}"
    return f"{error.operation_name} failed: {message} ({code})"
