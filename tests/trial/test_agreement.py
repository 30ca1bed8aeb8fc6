"""What a trial says is what collecting the changed account from scratch says."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest

from iaminsights.facts.derived import FACTS, needed
from iaminsights.trial.trial import REACH, Trial

from ..database_file import blank_file
from ..facts.test_policy_reach import ACCOUNT
from .random_changes import access_of, changed, content, expected, some_account, store, told


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    return blank_file(tmp_path_factory.mktemp("blank") / "blank.sqlite3", ACCOUNT)


@pytest.mark.parametrize("seed", range(40))
def test_a_random_change_of_a_random_account(blank, tmp_path, seed):
    """Access in each, and every sixteenth time all other facts, which take longer."""
    chance = random.Random(f"trial {seed}")
    account = some_account(chance)
    path = store(tmp_path / "before.sqlite3", blank, account, needed(REACH))
    facts = needed(REACH) if seed % 16 else FACTS
    with Trial(path, ACCOUNT) as trial:
        after = store(tmp_path / "after.sqlite3", blank, changed(chance, account, trial), facts)
        assert told(trial) == expected(access_of(path), access_of(after))
        if facts is FACTS:
            with closing(sqlite3.connect(after)) as database:
                assert content(trial.whole()) == content(database)
