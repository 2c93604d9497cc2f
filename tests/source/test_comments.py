"""A comment is what YAML takes for one, wherever else a `#` stands."""

import pytest

from ivrflow.source import yaml
from ivrflow.source.comments import comments
from ivrflow.source.lines import lines_of

TEXT = """\
# first
key: value # behind a value
other: a#b # behind a hash
"quoted # key": "quoted # value" # behind quotes
single: 'it''s # one'
several: "lines
  # of text" # and a comment
block: | # behind its sign
  # text

  # more text
# between
folded: >-
    # text
# after it
list: [1, # inside brackets
  "# two"]
keep: |+
  text

# last
"""

COMMENTS = [
    "# first",
    "# behind a value",
    "# behind a hash",
    "# behind quotes",
    "# and a comment",
    "# behind its sign",
    "# between",
    "# after it",
    "# inside brackets",
    "# last",
]


@pytest.mark.parametrize("parser", ["C", "pure"])
def test_comments_are_found_and_texts_are_not(parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if parser == "pure":
        monkeypatch.setattr(yaml, "CParser", None)
    root = yaml.parse("x.flow.yaml", TEXT).root
    assert root is not None
    found = list(comments(lines_of(TEXT), root))
    assert [each.text for each in found] == COMMENTS
    alone = {each.text for each in found if each.alone}
    assert alone == {"# first", "# between", "# after it", "# last"}
