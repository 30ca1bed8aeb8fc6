"""What is derived over a file: all that depends on what is proposed, and nothing else."""

from __future__ import annotations

from iaminsights.check import overlay
from iaminsights.facts.derived import FACTS

# Facts that depend on policies, but are taken as the file has them: they say what the file knows of
# names and resources, and who is an administrator already.
AS_THE_FILE_HAS_THEM = {
    *("absent_identities", "access_group_summaries", "full_administrators", "instance_facts"),
    *("known_resources", "missing_instances", "resource_gifts"),
}


def test_every_fact_that_depends_on_proposals_is_derived_anew():
    facts = {fact.name: fact for fact in FACTS}
    proposed = {*overlay.PROPOSED_TABLES, *overlay.EXTENDED_TABLES}
    derived = {*overlay.DERIVED_FACTS}
    changing = set(proposed)
    for fact in FACTS:
        if changing & {*fact.rests_on}:
            changing.add(fact.name)
    for name in derived:
        read = {*facts[name].rests_on} & facts.keys() & changing
        assert read <= derived | AS_THE_FILE_HAS_THEM, name
