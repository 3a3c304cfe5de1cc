"""The committed OpenAPI document is the app's."""

import json

from openapi_spec_validator import OpenAPIV31SpecValidator

from dev.openapi import PATH, document


def test_the_committed_document_has_not_drifted() -> None:
    assert PATH.read_text(encoding="utf-8") == document(), "run `make openapi`"


def test_the_document_is_valid() -> None:
    valid = json.loads(document())
    assert list(OpenAPIV31SpecValidator(valid).iter_errors()) == []
    del valid["info"]["title"]
    assert [error.message for error in OpenAPIV31SpecValidator(valid).iter_errors()] != []


def test_every_answer_describes_its_headers_and_every_problem_has_an_example() -> None:
    for path in json.loads(document())["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                assert "X-Request-Id" in answer["headers"]
                for content in answer["content"].values():
                    assert "examples" in content or "$ref" in content["schema"]
