"""What texts say of keys, in each language that lint can read."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.analysis.keywords import WORDS_BY_LANGUAGE
from ivrflow.analysis.mentions import mentions
from ivrflow.analysis.spotting import KEYS, spot

LANGUAGES = sorted(WORDS_BY_LANGUAGE)


def told(language: str, text: str, *, ssml: bool = False) -> str:
    """The keys that callers are told to press, in their order."""
    found = mentions(text, frozenset({language}), ssml=ssml).told
    return "".join(each.key for each in found)


def spoken(language: str, text: str) -> str:
    """The keys that a text speaks of."""
    return "".join(sorted(mentions(text, frozenset({language})).keys))


TOLD = [
    ("en", "For sales press 1. For support, press 2.", "12"),
    ("en", "Press 1 for sales, 2 for support, or 0 for the operator.", "120"),
    ("en", "press the star key, or the pound key", "*#"),
    ("en", "Press 1, 2 or 3 now.", "123"),
    ("en", "Press a number from 1 to 4.", "1234"),
    ("en", "Press 1-3.", "123"),
    ("en", 'Press "5".', "5"),
    ("en", "For an outside line dial nine.", "9"),
    ("en", "If not, please press two", "2"),
    ("en", "To hear this again, key 7.", "7"),
    ("en", "For 2026 press 1", "1"),
    ("en", "PRESS THE NUMBER SIGN", "#"),
    ("sv", "För Stockholm, tryck 1. För Lissabon, tryck på tvåan.", "12"),
    ("sv", "Tryck ett för ordrar, två för fakturor eller stjärna för att lyssna igen.", "12*"),
    ("sv", "Avsluta med att trycka. Tryck på fyrkant.", "#"),
    ("sv", "Tryck 1 till 3.", "123"),
    ("de", "Für Verkauf drücken Sie die 1, für Support die 2.", "12"),
    ("de", "Drücken Sie bitte die Sterntaste.", "*"),
    ("de", "Drücken Sie die 9, wenn Sie die 1. Mahnung erhalten haben.", "9"),
    ("de", "Für den Vertrieb bitte die Drei drücken", "3"),
    ("de", "Wählen Sie 1 oder 2.", "12"),
    ("de", "Wenn das nicht stimmt, drücken Sie die Raute-Taste.", "#"),
    ("fr", "Pour les ventes, tapez 1. Pour le service, appuyez sur la touche 2.", "12"),
    ("fr", "Appuyez sur étoile ou sur dièse.", "*#"),
    ("fr", "Sinon, faites le zéro.", "0"),
    ("es", "Para ventas, oprima el 1; para soporte, marque dos.", "12"),
    ("es", "Pulse asterisco para volver, o almohadilla para salir.", "*#"),
    ("es", "Marque del 1 al 3.", "123"),
    ("pt", "Para vendas, prima 1. Para suporte, pressione a tecla 2.", "12"),
    ("pt", "Digite asterisco para voltar ou jogo da velha para sair.", "*#"),
    ("it", "Per le vendite prema 1, per l'assistenza prema il tasto due.", "12"),
    ("it", "Digiti asterisco o cancelletto.", "*#"),
    ("nl", "Voor verkoop, toets 1. Voor service, druk op 2.", "12"),
    ("nl", "Druk op het sterretje of het hekje.", "*#"),
    ("da", "For salg, tryk 1. For service, tast to.", "12"),
    ("da", "Tryk stjerne eller firkant.", "*#"),
    ("nb", "For salg, trykk 1. For service, tast 2.", "12"),
    ("nb", "Trykk stjerne eller firkant.", "*#"),
    ("fi", "Paina 1, jos asia koskee myyntiä. Muuten valitse 2.", "12"),
    ("fi", "Paina tähteä tai ruutua.", "*#"),
    ("pl", "Aby połączyć się ze sprzedażą, naciśnij 1. Serwis: wybierz 2.", "12"),
    ("pl", "Naciśnij gwiazdkę lub krzyżyk.", "*#"),
]


@pytest.mark.parametrize(("language", "text", "keys"), TOLD)
def test_what_callers_are_told_to_press_is_found(language: str, text: str, keys: str) -> None:
    assert told(language, text) == keys


NOT_TOLD = [
    ("en", "Press 3 times."),
    ("en", "Press the button 3 times, then wait 2 seconds."),
    ("en", "We answer 24 hours a day, 7 days a week."),
    ("en", "Please enter your 4 digit PIN."),
    ("en", "Enter 4 to 6 digits."),
    ("en", "Please enter a 5 digit number."),
    ("en", "Press one of the following keys."),
    ("en", "Press any key."),
    ("en", "Our new number is 555-0123."),
    ("en", "Dial 1 800 555 0100."),
    ("en", "Dial 1-800-555-0100."),
    ("en", "It costs $3 a minute."),
    ("en", "It costs 1.50 a minute, press on."),
    ("en", "Select 3 items."),
    ("en", "We close at 5."),
    ("en", "We are open from 9 to 5."),
    ("en", "Press play at 3:30."),
    ("en", "In 2026 we opened 2 offices."),
    ("en", "Do not press 3."),
    ("en", "Never press 9."),
    ("en", "You can reach a person by pressing 0 in a menu."),
    ("en", "This is option 3."),
    ("en", "Our 5 star service."),
    ("en", "You are number 4 in the queue."),
    ("en", "Choose 1 of 3 colours."),
    ("en", "Press release 2 is on our page."),
    ("en", "Hit 3 targets."),
    ("en", "Your pound account has 9 entries."),
    ("en", "Enter the last 4 of your card."),
    ("en", "Tap 2 fingers."),
    ("en", "Press one button."),
    ("en", "Dial *100# from your mobile."),
    ("sv", "Tryck 3 gånger."),
    ("sv", "Slå ditt 4-siffriga nummer."),
    ("sv", "Ange 6 siffror."),
    ("sv", "Vi har öppet dygnet runt, 7 dagar i veckan."),
    ("sv", "Ett ögonblick."),
    ("sv", "Tryck inte 3."),
    ("sv", "Välj en av 3 avdelningar."),
    ("sv", "Det kostar 5 kronor i minuten."),
    ("de", "Drücken Sie 3 Mal."),
    ("de", "Drücken Sie 3-mal die Taste."),
    ("de", "Bitte nicht die 3 drücken."),
    ("de", "Wir sind die Nummer 1 in Europa."),
    ("de", "Geben Sie 4 Ziffern ein."),
    ("de", "Es kostet 2,50 Euro."),
    ("de", "Wählen Sie 1 von 3 Farben."),
    ("de", "Sie haben die 1. Mahnung erhalten."),
    ("fr", "Appuyez 3 fois."),
    ("fr", "N'appuyez pas sur 3."),
    ("fr", "Tapez les 4 chiffres de votre code."),
    ("fr", "Un instant, s'il vous plaît."),
    ("fr", "Nous sommes ouverts 7 jours sur 7."),
    ("es", "Pulse 3 veces."),
    ("es", "No pulse 3."),
    ("es", "Marque los 4 dígitos de su PIN."),
    ("es", "Abrimos las 24 horas, los 7 días."),
    ("es", "Un momento, por favor."),
    ("pt", "Prima 3 vezes."),
    ("pt", "Não pressione 3."),
    ("pt", "Digite os 4 dígitos."),
    ("pt", "Um momento, por favor."),
    ("pt", "Custa 2 euros por minuto."),
    ("it", "Prema 3 volte."),
    ("it", "Non prema 3."),
    ("it", "Digiti le 4 cifre."),
    ("nl", "Druk 3 keer."),
    ("nl", "Een moment, alstublieft."),
    ("nl", "Druk op een toets."),
    ("da", "Tryk 3 gange."),
    ("da", "Tryk ikke 3."),
    ("nb", "Trykk 3 ganger."),
    ("nb", "Vi har åpent 7 dager i uken."),
    ("fi", "Paina 3 kertaa."),
    ("fi", "Älä paina 3."),
    ("pl", "Naciśnij 3 razy."),
    ("pl", "Nie naciskaj, nie wybierz 3."),
]


@pytest.mark.parametrize(("language", "text"), NOT_TOLD)
def test_numbers_that_are_no_keys_are_not_taken_for_some(language: str, text: str) -> None:
    assert told(language, text) == ""


def test_there_are_many_sentences_that_must_raise_no_alarm() -> None:
    assert len(NOT_TOLD) >= 60


@pytest.mark.parametrize(
    ("language", "text", "keys"),
    [
        ("en", "Sales, 1. Support, two. The operator, zero.", "012"),
        ("en", "Rate us from 1 to 5.", "12345"),
        ("en", "One moment. For sales, one.", "1"),
        ("en", "One moment.", ""),
        ("en", "We are at 10 Downing Street.", ""),
        ("en", "Press any key.", "#*0123456789"),
        ("sv", "Försäljning ettan, support tvåan, stjärna för omlyssning.", "*12"),
        ("de", "Verkauf eins, Support zwei.", "12"),
        ("fr", "Un instant. Les ventes, un. Le service, deux.", "12"),
        ("es", "Ventas, uno. Soporte, dos.", "12"),
        ("pt", "Vendas, um. Suporte, dois. Um momento.", "12"),
    ],
)
def test_a_key_counts_as_spoken_where_its_name_stands(language: str, text: str, keys: str) -> None:
    assert spoken(language, text) == keys


def test_words_of_ssml_are_read_and_its_tags_are_not() -> None:
    text = '<speak>Press <emphasis level="strong">3</emphasis>.<break time="2s"/>Thanks.</speak>'
    assert told("en", text, ssml=True) == "3"
    assert told("en", "<p>Press</p><p>3 is enough.</p>", ssml=True) == ""


def test_an_inserted_text_makes_no_key_and_hides_none() -> None:
    assert told("en", "{{ name }}, press 1 for {{ what }}.") == "1"
    assert told("en", "Press 3{{ rest }} or 4 {{ unit }}.") == ""
    assert told("en", "Press 2 {{ times }}.") == ""
    assert spot("{{ all }}", frozenset({"en"})).wordless


def test_a_key_stands_where_it_is_pointed_at() -> None:
    text = "Hello {{ name }}. Press the number sign."
    (found,) = mentions(text, frozenset({"en"})).told
    assert text[found.offset : found.offset + found.length] == "number sign"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_a_word_for_every_key_and_for_pressing(language: str) -> None:
    words = WORDS_BY_LANGUAGE[language]
    assert set(words.names.values()) == KEYS
    for name, key in words.names.items():
        for press in words.press:
            assert told(language, f"{press} {' '.join(name)}.") == key


WORDS = sorted({word for each in WORDS_BY_LANGUAGE.values() for word in each.press | each.after})
PIECES = st.sampled_from(
    [*WORDS, *"0123456789*#", *".,:-/$'", "\u2013", "{{ x }}", "{{", "<b>", "12"]
)


@given(
    st.lists(PIECES | st.text(max_size=3), max_size=40),
    st.sampled_from([" ", ""]),
    st.sets(st.sampled_from([*LANGUAGES, "xx"])),
    st.booleans(),
)
def test_any_text_can_be_read_and_a_glance_misses_no_key(
    pieces: list[str], between: str, languages: set[str], ssml: bool
) -> None:
    text = between.join(pieces)
    found = mentions(text, frozenset(languages), ssml=ssml)
    seen = spot(text, frozenset(languages), ssml=ssml)
    assert seen.written <= found.keys <= KEYS
    assert {each.key for each in found.told} <= seen.possible
    assert all(0 <= each.offset < each.offset + each.length <= len(text) for each in found.told)


@pytest.mark.parametrize(
    "piece",
    [
        "press 1 or ",
        "1 or ",
        "press ",
        "the ",
        "1-",
        "<",
        "{{",
        "{{ }}",
        "press 1, 2 apples ",
        "*#",
    ],
)
def test_the_time_grows_with_the_length_alone(piece: str) -> None:
    def cost(times: int) -> float:
        text = piece * times
        begun = process_time()
        mentions.__wrapped__(text, frozenset(LANGUAGES), ssml=True)
        spot.__wrapped__(text, frozenset(LANGUAGES), ssml=True)
        return process_time() - begun

    assert cost(4_000) < 20 * max(cost(1_000), 0.01)
