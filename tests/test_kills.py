"""A server that is killed anywhere is missed by nobody; `make torture` kills it everywhere."""

import pytest
from kills.__main__ import tried
from kills.stories import STORIES
from kills.trial import Story

EVERY = 13
"""Each thirteenth boundary of a story: prime to how they come, before and after what they bound."""


@pytest.mark.parametrize("story", STORIES, ids=[each.name for each in STORIES])
def test_calls_and_jobs_end_as_if_nothing_had_happened(story: Story) -> None:
    found = list(tried(story, EVERY))
    assert len(found) >= 2
    assert "".join(found) == ""
