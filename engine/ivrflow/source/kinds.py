"""E0xx: what can be wrong with the text of a file, before anybody asks what it means.

E00x and E01x are YAML's own traps (`yaml.py`), E05x what the JSON Schema finds (`schema.py`).
"""

from ivrflow.diagnostics import Kind

GOOD = """
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
"""

TOO_LARGE = Kind(
    "E001",
    "file-too-large",
    "A file is larger than any flow that people wrote: it is not read.",
    bad="# a flow of more than 1,048,576 bytes",
    good=GOOD,
)

NOT_TEXT = Kind(
    "E002",
    "not-text",
    """A file is no UTF-8, or holds a character that no text has: YAML can't be read from it, and a
voice could not say it.""",
    bad="# a flow saved as Latin-1, or with a bell (U+0007) in a prompt",
    good=GOOD,
)

SYNTAX = Kind(
    "E003",
    "yaml-syntax",
    "A file is no YAML: nothing of it can be read until that is mended.",
    bad="""
flow: example
start: greet
states:
  greet: {say: "Hello., hangup: }
""",
    good=GOOD,
)

DUPLICATE_KEY = Kind(
    "E004",
    "duplicate-key",
    "A key is given twice: only one of the values could count.",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., say: Welcome., hangup: }
""",
    good=GOOD,
)

TAB = Kind(
    "E005",
    "tab-indentation",
    "A line is indented with a tab: YAML takes spaces only.",
    bad="""
flow: example
start: greet
states:
\tgreet: {say: Hello., hangup: }
""",
    good=GOOD,
)

TOO_DEEP = Kind(
    "E006",
    "nested-too-deeply",
    "Lists or mappings are nested deeper than 64 levels: no flow needs that.",
    bad=f"""
flow: example
start: greet
states:
  greet: {{say: {"[" * 64}{"]" * 64}, hangup: }}
""",
    good=GOOD,
)

TOO_MANY_NODES = Kind(
    "E007",
    "too-many-nodes",
    """A file has more than 200,000 nodes with its aliases written out: a few lines can repeat each
other into billions.""",
    bad="""
flow: example
start: greet
vars:
  a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
  e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
states:
  greet: {say: Hello., hangup: }
""",
    good=GOOD,
)

UNKNOWN_ALIAS = Kind(
    "E008",
    "unknown-alias",
    "An alias repeats an anchor that does not stand above it.",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: *failed
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: again}}
    on: &failed {no_input: bye, no_match: bye}
  again:
    menu: {prompt: Press 1 again., choices: {1: bye}}
    on: *failed
  bye: {hangup: }
""",
)

CIRCULAR_ALIAS = Kind(
    "E009",
    "circular-alias",
    "An alias stands inside what it repeats: written out, it would never end.",
    bad="""
flow: example
start: greet
states:
  greet: &greet {say: Hello., hangup: *greet}
""",
    good=GOOD,
)

MERGE_KEY = Kind(
    "E010",
    "merge-key",
    "`<<` merges mappings in YAML 1.1 only: here it would be a key like any other.",
    bad="""
flow: example
start: greet
vars:
  usual: &usual {plan: basic}
  special: {<<: *usual, level: 2}
states:
  greet: {say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
vars:
  usual: {plan: basic}
  special: {plan: basic, level: 2}
states:
  greet: {say: Hello., hangup: }
""",
)

TAG = Kind(
    "E011",
    "yaml-tag",
    "A value has a YAML tag: what a value is, its place in the flow tells.",
    bad="""
flow: example
start: greet
states:
  greet: {say: !!str Hello., hangup: }
""",
    good=GOOD,
)

SEVERAL_DOCUMENTS = Kind(
    "E012",
    "several-documents",
    "A second YAML document begins in a file: it would not be read.",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
---
flow: other
""",
    good=GOOD,
)

EMPTY_FILE = Kind(
    "E013",
    "empty-file",
    "A file holds nothing but comments.",
    bad="""
# to be written
""",
    good=GOOD,
)

CUT_AT_COMMENT = Kind(
    "E014",
    "text-cut-at-comment",
    """Words end before a `#`, which begins a comment: callers would hear half a sentence. The same
goes for a comment behind words that are complete: put it on a line of its own.""",
    bad="""
flow: example
start: greet
states:
  greet:
    say: Press # for more.
    hangup:
""",
    good="""
flow: example
start: greet
states:
  greet:
    say: "Press # for more."
    hangup:
""",
)

KEY_IN_COMMENT = Kind(
    "E015",
    "key-lost-in-comment",
    "A line `#: ...` is a comment: the key `#` would not be offered.",
    bad="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Press 1 or hash.
      choices:
        1: bye
        #: ask
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Press 1 or hash.
      choices:
        1: bye
        "#": ask
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)

SPLIT_AT_COMMA = Kind(
    "E016",
    "text-split-at-comma",
    """A comma inside `{ }` ends an unquoted text, and what is behind it is left over: callers would
hear half a sentence.""",
    bad="""
flow: example
start: greet
states:
  greet: {say: Sorry, we are closed., hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {say: "Sorry, we are closed.", hangup: }
""",
)

UNQUOTED_TEMPLATE = Kind(
    "E017",
    "unquoted-template",
    "A text begins with `{{` and is not quoted: YAML reads mappings there, not text.",
    bad="""
flow: example
start: greet
states:
  greet: {say: {{ call.from }}, hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {say: "{{ call.from }}", hangup: }
""",
)

UNQUOTED_COLON = Kind(
    "E018",
    "unquoted-colon",
    "A text holds a colon and a space and is not quoted: YAML reads a key there.",
    bad="""
flow: example
start: greet
states:
  greet:
    say: Our hours: nine to five.
    hangup:
""",
    good="""
flow: example
start: greet
states:
  greet:
    say: "Our hours: nine to five."
    hangup:
""",
)

STRANGE_KEY = Kind(
    "E019",
    "key-not-text",
    "A key is missing, or is a list or mapping: a key is a word.",
    bad="""
flow: example
start: greet
vars: {[a, b]: 1}
states:
  greet: {say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
vars: {a: 1, b: 1}
states:
  greet: {say: Hello., hangup: }
""",
)

UNQUOTED_STAR = Kind(
    "E020",
    "unquoted-star",
    "The key `*` is not quoted: YAML reads an alias there.",
    bad="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Press 1 or star.
      choices:
        1: bye
        *: ask
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Press 1 or star.
      choices:
        1: bye
        "*": ask
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)

UNQUOTED_BRACKET = Kind(
    "E021",
    "unquoted-bracket",
    "A text inside `{ }` holds a bracket and is not quoted: YAML reads a list there.",
    bad="""
flow: example
start: greet
states:
  greet: {next: [{when: tries in [1, 2], next: bye}, {next: bye}]}
  bye: {hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {next: [{when: "tries in [1, 2]", next: bye}, {next: bye}]}
  bye: {hangup: }
""",
)

WRONG_VALUE = Kind(
    "E051",
    "wrong-value",
    "A value is not of the kind that its key takes.",
    bad="""
flow: example
start: ring
states:
  ring:
    connect: {number: "+46850000001", timeout: soon}
""",
    good="""
flow: example
start: ring
states:
  ring:
    connect: {number: "+46850000001", timeout: 20s}
""",
)

UNKNOWN_KEY = Kind(
    "E052",
    "unknown-key",
    "A key is none of those that may stand there: what it says would not happen.",
    bad="""
flow: example
start: greet
states:
  greet: {sya: Hello., hangup: }
""",
    good=GOOD,
)

MISSING_KEY = Kind(
    "E053",
    "missing-key",
    "A key is missing without which the rest means nothing.",
    bad="""
flow: example
states:
  greet: {say: Hello., hangup: }
""",
    good=GOOD,
)

ONE_OF = Kind(
    "E054",
    "not-exactly-one",
    "Of several keys exactly one must be given, and there are two, or none.",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello.}
""",
    good=GOOD,
)

WRONG_NAME = Kind(
    "E055",
    "wrong-name",
    "A name is not written as names of its kind are.",
    bad="""
flow: example
start: greet
vars: {Name: Ada}
states:
  greet: {say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
vars: {name: Ada}
states:
  greet: {say: Hello., hangup: }
""",
)

WRONG_SIZE = Kind(
    "E056",
    "wrong-size",
    "A list or mapping is empty, or has more entries than may stand there.",
    bad="""
flow: example
start: greet
states:
  greet:
    do: [{log: called, locale: sv-SE}]
    say: Hello.
    hangup:
""",
    good="""
flow: example
start: greet
states:
  greet:
    do: [{log: called}, {locale: sv-SE}]
    say: Hello.
    hangup:
""",
)
