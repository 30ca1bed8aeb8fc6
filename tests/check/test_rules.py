"""The file of rules: what it can say, and its errors with file and line."""

from __future__ import annotations

import pytest

from iaminsights.check.rules import plain, read_rules
from iaminsights.errors import CheckError


def read(tmp_path, text):
    path = tmp_path / "rules.yml"
    path.write_text(text, encoding="utf-8")
    return read_rules(path)


def test_words_and_lists(tmp_path):
    first, second = read(
        tmp_path,
        "# who may do what\n"
        "- roles: Administrator\n"
        "  services: [kms, secrets-manager]\n"
        "  except:\n    - Key Admins\n    - Ada@example.org\n"
        "  reason: >\n    Ask the\n    key team.\n"
        "\n"
        "- {actions: 'iam.*', services: '*'}\n",
    )
    assert (first.number, first.line, first.roles) == (1, 2, {"administrator": "Administrator"})
    assert first.services == {"kms", "secrets-manager"}
    assert first.reason == "Ask the key team."
    assert first.excepts(frozenset({"ada@EXAMPLE.org"}))
    assert not first.excepts(frozenset({"bob@example.org", ""}))
    assert (second.number, second.line, second.actions) == (2, 11, ("iam.*",))
    assert second.services == frozenset()


def test_names_of_roles_as_people_and_crns_write_them():
    assert plain("Service ID creator") == plain("ServiceIdCreator") == "serviceidcreator"
    assert plain("Reader") != plain("Reader Plus")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: rules are a YAML list"),
        ("[]", ":1: rules are a YAML list"),
        ("roles: Administrator", ":1: rules are a YAML list"),
        ("- roles: [a\n- b: {", ":2: this is not valid YAML."),
        ("\n- Administrator", ":2: a rule has roles or actions"),
        ("- services: kms", ":1: a rule needs roles or actions."),
        ("- roles: Administrator\n  service: kms", ":2: a rule has no service; it can have roles"),
        ("- roles: Viewer\n  roles: Reader", ":2: roles is there twice."),
        ("- roles:\n    - Viewer\n    - {}\n", ":3: roles must be a text or a list of texts."),
        ("- roles: Viewer\n  services:\n", ":2: services must be a text or a list of texts."),
        ("- roles: []", ":1: roles is empty."),
        ("- roles: ''", ":1: roles must be a text"),
        ("- roles: Viewer\n  reason: [a, b]", ":1: reason must be one text."),
    ],
)
def test_a_rule_that_cannot_be_used_is_told_with_its_line(tmp_path, text, said):
    with pytest.raises(CheckError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'rules.yml'}{said}")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CheckError, match="cannot be read: No such file"):
        read_rules(tmp_path / "rules.yml")
