"""What can stand in the way of a command, each as one plain line."""

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from ops.target import TargetMissing

TROUBLES = (TargetMissing, BotoCoreError, ClientError)
"""For `except`: what `plain` knows to say."""

_NO_CREDENTIALS = (
    exceptions.CredentialRetrievalError,
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.ProfileNotFound,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
_UNREACHABLE = (exceptions.ConnectionError, exceptions.HTTPClientError)
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html, and how services spell them.
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


def plain(error: BaseException) -> str:
    """One line for people; nothing in it comes from a record."""
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
    told = error.response["Error"]
    code, message = told.get("Code", ""), told.get("Message", "")
    if code in _CREDENTIALS_REFUSED:
        return f"AWS does not accept the credentials ({code})"
    if code in _DENIED:
        return f"AWS does not allow {error.operation_name}: {message}"
    return f"{error.operation_name} failed: {message} ({code})"
