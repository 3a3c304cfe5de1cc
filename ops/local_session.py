"""Clients of the local stack, which nothing of the user's own AWS or network settings reaches."""

import os
from collections.abc import Mapping

import boto3
import botocore.session
from botocore.config import Config

# Of botocore's settings: where they are in the shared file, their variable, their default, their type.
_NO_PROFILE = (None, None, None, None)
_NO_FILE = (None, None, os.devnull, None)
_CONFIG = Config(proxies={})


def local_session(environment: Mapping[str, str]) -> boto3.session.Session:
    """A session with the keys and the region of these `AWS_…` variables, whatever the process's own say.

    Profiles and shared files do not count, because an unknown profile is an error at once; nor do proxies, because one
    would look for 127.0.0.1 on its own machine. Its clients are to be given the stack's `endpoint_url`.
    """
    session = botocore.session.Session(
        session_vars={"profile": _NO_PROFILE, "config_file": _NO_FILE, "credentials_file": _NO_FILE}
    )
    session.set_default_client_config(_CONFIG)
    return boto3.session.Session(
        environment["AWS_ACCESS_KEY_ID"],
        environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
        botocore_session=session,
    )
