"""Where an environment variable stands, its value comes; nowhere else, and from nobody else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.machine.environment import MARK, fill, fill_json, marked, without_marks

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)


@given(NAMES, st.text(), st.text())
def test_a_variable_becomes_its_value_in_text_and_in_json(
    name: str, value: str, around: str
) -> None:
    around = around.replace("{", "").replace(MARK, "")
    text = marked(f"{around}{{{{ env.{name} }}}}{around}")
    meant = {name: value}
    assert fill(text, meant.__getitem__) == f"{around}{value}{around}"
    content = json.dumps([text]).encode()
    assert json.loads(fill_json(content, meant.__getitem__)) == [f"{around}{value}{around}"]


@pytest.mark.parametrize("name", ["Ångström", "1ST", "A-B", ""])
def test_what_is_no_name_of_a_variable_is_one_nowhere(name: str) -> None:
    written = f"{{{{ env.{name} }}}}"
    assert marked(written) == written
    mark = f"{MARK}{name}{MARK}"
    assert fill(mark, lambda _: "secret") == mark
    content = json.dumps(mark).encode()
    assert fill_json(content, lambda _: "secret") == content


@given(
    st.recursive(
        st.text() | st.just(f"{MARK}TOKEN{MARK}") | st.integers() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_value_of_a_call_holds_a_mark(value: object) -> None:
    def texts(value: object) -> list[str]:
        if isinstance(value, dict):
            return texts(list(value.values()))
        if isinstance(value, list):
            return [text for each in value for text in texts(each)]
        return [value] if isinstance(value, str) else []

    assert not any(MARK in text for text in texts(without_marks(value)))
