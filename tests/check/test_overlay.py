"""What is derived over a file: all that depends on what is proposed, and nothing else."""

from __future__ import annotations

import json

import pytest

from iaminsights.check import escalation, overlay
from iaminsights.check.running import Checks, read_proposals, run

from .proposed import acme, ids, policy

ID = ids(acme())


@pytest.mark.parametrize("name", [*overlay.DERIVED_FACTS, *overlay.STEPS])
def test_every_fact_that_depends_on_proposals_is_derived_anew(name):
    assert overlay.not_derived(name) == set()


def checked(tmp_path, database, *roles, **attributes):
    path = tmp_path / "it.json"
    path.write_text(json.dumps(policy(ID["Bob"], *roles, attributes=attributes)))
    return run(read_proposals([path]), Checks(no_escalation=True), database).violations


def test_paths_are_derived_only_if_something_leads_somewhere(tmp_path, database, monkeypatch):
    def derive(*_):
        raise AssertionError

    monkeypatch.setattr(escalation, "derive", derive)
    assert checked(tmp_path, database, "Viewer", "Manager", serviceName="kms") == ()
    with pytest.raises(AssertionError):
        checked(tmp_path, database, "Operator", serviceName="iam-identity")
    # What steps rest on besides could not be told from the file.
    monkeypatch.setattr(overlay, "AS_THE_FILE_HAS_THEM", frozenset())
    with pytest.raises(AssertionError):
        checked(tmp_path, database, "Viewer", serviceName="kms")
