import pytest

import target as targets

TARGET = targets.from_environment()


def pytest_collection_modifyitems(config, items):
    """A case that does not apply to a target is no case of it: it is deselected, not skipped."""
    here = {
        "scripted": TARGET.scripted,
        "simulated": TARGET.simulated,
        "proxied": TARGET.proxied,
        "auth": not TARGET.simulated,
        "keeps": TARGET.speaks in ("messages", "chat"),
    }
    dropped = [item for item in items if any(item.get_closest_marker(m) and not here[m] for m in here) or foreign(item)]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


def foreign(item) -> bool:
    """Whether the case needs a provider of another dialect than the target's; `native()` needs one that has all."""
    marks = list(item.iter_markers("native"))
    return bool(TARGET.speaks and marks) and not any(TARGET.speaks in mark.args for mark in marks)


@pytest.fixture
def target():
    if TARGET.scripted:
        TARGET.reset()
    return TARGET


@pytest.fixture
def faulty(target):
    """For cases that make the upstream fail: the next case finds it healthy."""
    yield target
    if target.scripted:
        target.reset()
    target.heal()


# The SDKs are imported where they are used: not every suite has them.
@pytest.fixture
def claude(target):
    import anthropic

    with anthropic.Anthropic(api_key=target.key, base_url=target.anthropic_url, max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def gpt(target):
    import openai

    with openai.OpenAI(api_key=target.key, base_url=target.openai_url, max_retries=0, timeout=20) as client:
        yield client
