"""SSML on the wire: whatever is in it, each piece is whole and nothing ends its part early."""

import re
import time
from collections.abc import Callable
from xml.parsers import expat

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.machine.replies import Hangup, Menu, Part, Reply, Say, Ssml
from ivrflow.sinch.render import prompt_text, render
from ivrflow.sinch.ssml import MAX_PIECE, TAGS, split_ssml, splits_well
from ivrflow.sinch.svaml import Svaml

WORDS = st.text(alphabet="ab .!;[]'\"&\u3002\n", max_size=120).filter(
    lambda text: re.search("&[a-z]+;", text) is None
)
"""Words without entities, of which a test of their own tells what becomes."""

UNSENDABLE = str.maketrans("[];&", "  , ")
LONG = st.text(alphabet="ab .", min_size=500, max_size=1500)


def element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tags = ["p", "s", "lang xml:lang='sv-SE'", "sub alias='x'", "say-as interpret-as='digits'"]
    return st.builds(
        lambda tag, texts: f"<{tag}>{' '.join(texts)}</{tag.split()[0]}>",
        st.sampled_from(tags),
        st.lists(inner, max_size=4),
    )


ssml = st.builds(
    " ".join,
    st.lists(st.recursive(WORDS | LONG | st.just("<break time='1s'/>"), element), max_size=4),
)


def words_of(text: str) -> str:
    """Parse, which fails if it is not well-formed, and return what is spoken."""
    found: list[str] = []
    parser = expat.ParserCreate()
    parser.CharacterDataHandler = found.append
    parser.Parse(text, True)
    return "".join("".join(found).split())


@given(ssml)
def test_every_piece_is_well_formed_and_fits_and_no_word_is_lost(text: str) -> None:
    pieces = split_ssml(text)
    assert all(len(piece) <= MAX_PIECE for piece in pieces)
    assert not any(set(piece) & set("[];&") for piece in pieces)
    spoken = text.translate(UNSENDABLE)
    assert "".join(map(words_of, pieces)) == words_of(f"<speak>{spoken}</speak>")


@given(
    st.lists(st.sampled_from(["<p>", "</p>", "<b x='", "<", ">", "</speak>", "<!--", "]", "x "]))
)
def test_even_what_is_no_ssml_leaves_whole(marks: list[str]) -> None:
    for piece in split_ssml("".join(marks) * 9):
        assert not set(piece) & set("[];&")
        assert piece.startswith("<speak>")
        assert piece.endswith("</speak>")


def test_a_cut_falls_between_sentences_and_elements_are_closed_and_opened_again() -> None:
    sentence = "This is one sentence of a long story. "
    pieces = split_ssml(f'<speak><prosody rate="slow">{sentence * 40}</prosody></speak>')
    assert len(pieces) > 2
    for piece in pieces:
        assert piece.startswith('<speak><prosody rate="slow">This is')
        assert piece.endswith(("story. </prosody></speak>", "story.</prosody></speak>"))


def test_what_is_read_as_one_is_not_cut() -> None:
    digits = '<say-as interpret-as="digits">' + "1 2 3. " * 20 + "</say-as>"
    text = ("Some words. " * 20 + digits) * 4
    assert sum(piece.count(digits) for piece in split_ssml(text)) == 4
    assert splits_well(text)


@pytest.mark.parametrize(
    "text",
    [
        "no end " * 100,
        "x" * 700,
        '<say-as interpret-as="digits">' + "1" * 700 + "</say-as>",
        f'<sub alias="{"a" * 700}">x</sub>',
        "<p>" * 200 + "deep" + "</p>" * 200,
    ],
)
def test_what_has_no_good_place_for_a_cut_is_known_and_still_fits(text: str) -> None:
    assert not splits_well(text)
    for piece in split_ssml(text):
        assert len(piece) <= MAX_PIECE
        words_of(piece)


def test_entities_become_characters_or_spaces() -> None:
    (piece,) = split_ssml("<speak>caf&#233; &amp; &quot;bar&quot; [1]; &lt;</speak>")
    assert piece == "<speak>café    bar   1 ,  </speak>"


@pytest.mark.parametrize("text", ["!" * 9_000 + "x", "<" * 9_000, "<p>" * 3_000, " " * 9_000 + "<"])
def test_no_text_takes_long_to_split(text: str) -> None:
    began = time.process_time()
    split_ssml(text)
    assert time.process_time() - began < 1


def test_blank_ssml_is_not_sent() -> None:
    sent = render(Reply(number=1, action=Hangup(), instructions=(Ssml(text=" ", voice="x"),)))
    assert b"playFiles" not in sent


@pytest.mark.parametrize("kind", [Say, Ssml])
@given(texts=st.lists(ssml | LONG, max_size=3))
def test_every_part_of_a_menu_prompt_is_legal(kind: Callable[..., Part], texts: list[str]) -> None:
    parts = tuple(kind(text=text, voice="sv-SE") for text in texts)
    menu = Menu(prompt=parts, reprompt=parts, voice="sv-SE", repeats=1)
    reply = Reply(number=1, action=menu, instructions=parts)
    msgspec.json.decode(render(reply), type=Svaml)
    assert all(len(each) <= 600 for each in prompt_text(parts).split(";"))


def test_what_we_say_ourselves_is_known_to_the_platform() -> None:
    assert {"digits", "characters", "telephone", "date"} <= TAGS["say-as"]["interpret-as"]
