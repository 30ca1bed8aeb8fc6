"""Files that are read, with the place of each entry, and those that are refused with a sentence."""

from __future__ import annotations

import json

import pytest

from iaminsights.check.documents import read_document
from iaminsights.check.running import read_proposals
from iaminsights.errors import CheckError

from .proposed import change, plan, policy

POLICY = policy("IBMid-1", "Viewer", attributes={"serviceName": "kms"})


def read(tmp_path, content, encoding="utf-8"):
    path = tmp_path / "it.json"
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read_proposals([path])


def places(tmp_path, content):
    return [(one.place.line, one.place.column) for one in read(tmp_path, content)]


def test_each_policy_has_its_line(tmp_path):
    assert places(tmp_path, POLICY) == [(1, 1)]
    assert places(tmp_path, f"\n\n  {json.dumps(POLICY)}\n") == [(3, 3)]
    assert places(tmp_path, f"[\n{json.dumps(POLICY)},\r\n\t{json.dumps(POLICY)}]") == [
        (2, 1),
        (3, 2),
    ]
    wrapped = (
        f'{{"limit": 2,\n "policies": [\n  {json.dumps(POLICY)}],\n "first": {{"href": "x"}}}}'
    )
    assert places(tmp_path, wrapped) == [(3, 3)]
    assert places(tmp_path, "[]") == places(tmp_path, '{"policies": []}') == []


def test_each_change_of_a_plan_has_its_line(tmp_path):
    two = plan(*(change("user_policy", name, {"ibm_id": "a@b.c"}) for name in "ab"))
    assert [line for line, _ in places(tmp_path, json.dumps(two, indent=1))] == [5, 21]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_of_json(tmp_path, encoding):
    # PowerShell writes redirected output so.
    (found,) = read(tmp_path, POLICY, encoding)
    assert (found.place.line, found.place.column) == (1, 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it.json:1: this is not valid JSON: Expecting value."),
        ('{\n"type": \n}', "it.json:3: this is not valid JSON: Expecting value."),
        ("[1, 2", "it.json:1: this is not valid JSON: Expecting ']'."),
        ("[\n{},\n]", "it.json:3: this is not valid JSON"),
        ('{"a": 1,}', "it.json:1: this is not valid JSON"),
        ('{"a": 1 "b": 2}', "it.json:1: this is not valid JSON"),
        ("{a: 1}", "it.json:1: this is not valid JSON"),
        ('{"a"\n 1}', "it.json:2: this is not valid JSON"),
        ("{1: 1}", "it.json:1: this is not valid JSON: Expecting a key."),
        ('{}\n{"@level": "info"}', "it.json:2: another JSON value follows"),
        ("{} x", "it.json:1: this is not valid JSON: Extra data."),
        (b"\xff\xfe\xff\x00\xd8", "it.json is not a JSON file."),
        ("[" * 100_000, "it.json:1: this JSON is nested too deeply."),
        ('{"roles": [],\n "roles": []}', 'it.json:2: the key "roles" is there twice'),
        ('[{},\n{"type": "a", "type": "b"}]', 'it.json:2: the key "type" is there twice'),
        ('{"a": {"b": 1, "b": 1}}', 'the key "b" is there twice'),
        ('"text"', "it.json:1: this is not a policy, but str."),
        ("[\n[]]", "it.json:2: this is not a policy, but list."),
        ("{}", "it.json:1: this is not a policy: it has neither roles and resources, nor control"),
        (
            '{"format_version": "1.0", "terraform_version": "1.9.5", "values": {}}',
            "it.json:1: this is a Terraform state, not a plan.",
        ),
        ('{"@level": "info"}', "it.json:1: this is the log of terraform plan -json."),
        (
            '{"format_version": "2.0", "resource_changes": []}',
            "it.json:1: this plan has format_version '2.0'; 1 is supported.",
        ),
        ('{"resource_changes": []}', "it.json:1: this plan has format_version None"),
        (
            '{"format_version": "1.2", "resource_changes": [1]}',
            "it.json:1: this is not a change of a resource.",
        ),
        (
            '{"format_version": "1.2", "resource_changes": [\n{"address": "a"}]}',
            "it.json:2: this is not a change of a resource.",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_told_in_a_sentence(tmp_path, monkeypatch, content, said):
    with pytest.raises(CheckError) as caught:
        read(tmp_path, content)
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))


def test_a_folder_and_a_file_that_may_not_be_read(tmp_path):
    with pytest.raises(CheckError, match="cannot be read: Is a directory"):
        read_document(tmp_path)


@pytest.mark.parametrize(
    "odd",
    [
        {"configuration": {"root_module": {"resources": 1}}},
        {"configuration": {"root_module": {"module_calls": {"a": 1}}}},
        {"deferred_changes": [{"resource_change": 1}]},
    ],
)
def test_a_plan_that_terraform_did_not_write(tmp_path, odd):
    mine = plan(change("user_policy", "a", {"ibm_id": "a@b.c", "roles": ["Viewer"]})) | odd
    with pytest.raises(CheckError) as caught:
        read(tmp_path, mine)
    assert "it.json:1: this" in str(caught.value)


def test_a_plan_without_changes(tmp_path):
    assert read(tmp_path, {"format_version": "1.2", "planned_values": {}}) == []
