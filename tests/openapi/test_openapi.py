"""The committed OpenAPI document is the app's."""

from openapi.__main__ import PATH, document


def test_the_committed_document_has_not_drifted() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run `make openapi`"
