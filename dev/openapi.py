"""`python -m dev.openapi` writes openapi/openapi.json; with `--check` it only reports whether the file has drifted."""

import json
import sys

from api.app import create_app
from api.composition import compose
from api.settings import ApiSettings
from dev.paths import ROOT

PATH = ROOT / "openapi" / "openapi.json"


def document() -> str:
    """The app's OpenAPI document. No component is called, so its settings do not matter."""
    environment = {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "RECORD_QUEUE_URL": "http://nowhere/records",
        "RECORD_DEAD_LETTER_QUEUE_URL": "http://nowhere/dead-letters",
        "RECORD_TABLE_NAME": "records",
        "RECORD_TABLE_KEY": "id:S",
    }
    app = create_app(compose(ApiSettings.from_environment(environment), environment))
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    if "--check" not in sys.argv[1:]:
        PATH.write_text(document(), encoding="utf-8")
    elif not PATH.exists() or PATH.read_text(encoding="utf-8") != document():
        print("openapi/openapi.json has drifted from the app: run `make openapi`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
