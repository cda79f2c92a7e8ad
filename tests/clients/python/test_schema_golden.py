"""The golden outputs of crates/translate are what the vendors' documents promise."""

import collections
import json

import pytest

from answers import data_of, faults_of_event, faults_of_whole
from golden import FILES, headings, name, outputs


@pytest.mark.parametrize("file", FILES, ids=name)
def test_answer(file):
    told = []
    for output in outputs(file):
        if output.how == "whole":
            told += faults_of_whole(output.dialect, json.loads(output.text))
        else:
            told += [fault for event in data_of(output.text) for fault in faults_of_event(output.dialect, event)]
    assert told == []


def test_outputs_are_found():
    """A heading that is written otherwise would hide what is below it."""
    found, there = collections.Counter(), collections.Counter()
    for file in FILES:
        found.update((file.parent.name, f"{output.how} to {output.dialect}") for output in outputs(file))
        there.update((file.parent.name, heading) for heading in headings(file))
    assert found == there and all(count > 10 for count in found.values())
    providers = {file.parent.name for file in FILES}
    assert len(found) == 2 * 2 * len(providers) and "messages" in providers
