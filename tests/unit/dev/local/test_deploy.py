"""What the local stack changes in the template before it deploys it."""

from dev.local.deploy import with_literal_numbers


def test_references_to_numbers_become_numbers() -> None:
    template = {
        "Parameters": {
            "Units": {"Type": "Number", "Default": 5},
            "Given": {"Type": "Number", "Default": 5},
            "Text": {"Type": "String", "Default": "5"},
        },
        "Resources": {
            "Table": {"Units": {"Ref": "Units"}, "List": [{"Ref": "Given"}, {"Ref": "Text"}, {"Ref": "Table"}]}
        },
    }
    assert with_literal_numbers(template, {"Given": "7"})["Resources"] == {
        "Table": {"Units": 5, "List": [7, {"Ref": "Text"}, {"Ref": "Table"}]}
    }
