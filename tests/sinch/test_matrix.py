"""The context matrix: complete, with a source for every doubt."""

from ivrflow.compiler.platform import Level
from ivrflow.model.context import Context
from ivrflow.sinch.matrix import ACTIONS, INSTRUCTIONS

WORDS = {
    "menu",
    "collect",
    "connect number",
    "connect sip",
    "connect user",
    "connect stream",
    "conference",
    "hold",
    "bridge",
    "park",
    "continue",
    "hangup",
}


def test_every_context_is_ruled() -> None:
    assert set(ACTIONS) == set(INSTRUCTIONS) == set(Context)


def test_replies_to_calls_menus_and_called_parties_are_ruled_for_every_action() -> None:
    for context in (Context.ICE, Context.MENU, Context.BRIDGED):
        assert set(ACTIONS[context]) == WORDS


def test_every_doubt_and_refusal_says_why() -> None:
    for matrix in (ACTIONS, INSTRUCTIONS):
        for rulings in matrix.values():
            assert all(each.note for each in rulings.values() if each.level is not Level.ACCEPT)


def test_nobody_on_the_line_gets_no_reply() -> None:
    assert not ACTIONS[Context.NONE]
    assert not INSTRUCTIONS[Context.NONE]
