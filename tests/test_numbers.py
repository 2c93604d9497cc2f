"""Telephone numbers as the platform sends them."""

import pytest

from ivrflow.numbers import is_e164, mask, normalise


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("+46701234567", "+46701234567"),
        ("46701234567", "+46701234567"),
        ("0046701234567", "+46701234567"),
        ("Ada Lovelace <+46701234567>", "+46701234567"),
        ("+46 70-123 45 67", "+46701234567"),
        ("+46 (0)70-123 45 67", "+46701234567"),
        ("(0)70-123 45 67", None),
        ("private", None),
        ("Anonymous", None),
        ("", None),
        ("alice", None),
        ("0701234567", None),
        ("<>", None),
    ],
)
def test_a_number_is_read_however_it_is_sent(sent: str, number: str | None) -> None:
    assert normalise(sent) == number


@pytest.mark.parametrize("text", ["46701234567", "+0701234567", "+46", "+4670123456789012", "+46a"])
def test_only_the_international_form_is_e164(text: str) -> None:
    assert not is_e164(text)


@pytest.mark.parametrize("number", ["+46701234567", "46701234567", "0701234567"])
def test_a_masked_number_shows_too_little_to_dial(number: str) -> None:
    assert mask(number).count("*") >= 5
    assert len(mask(number)) == len(number)
