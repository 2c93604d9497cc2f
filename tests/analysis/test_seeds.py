"""A fault that is put into a flow that ships is told once, in its line."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

import pytest
from seeds import Seed, applications, dropped_outcomes, edited, misspelled_keys, misspelled_targets

from ivrflow.checking import check_application
from ivrflow.diagnostics import Diagnostic
from ivrflow.gathering import Gathered
from ivrflow.sinch.platform import PLATFORM

FAULTS: list[tuple[str, str, str, str] | tuple[str, str, str, str, str]] = [
    ("account.flow.yaml", "E803", "Thank you, {{ customer.holder }}.", "Thank you, {{ pin }}."),
    (
        "account.flow.yaml",
        "E104",
        "Thank you, {{ customer.holder }}.",
        "Thank you, {{ customer.name }}.",
    ),
    (
        "account.flow.yaml",
        "E104",
        "Thank you, {{ customer.holder }}.",
        "Thank you, {{ customr.holder }}.",
    ),
    (
        "account.flow.yaml",
        "E871",
        'get: "https://bank.example.com',
        'get: "https://{{ account }}.example.com',
    ),
    ("account.flow.yaml", "E051", "length: 8", "length: 0"),
    ("account.flow.yaml", "E051", "length: 8", "length: eight"),
    ("account.flow.yaml", "E602", "input | luhn", "input | lunh"),
    ("account.flow.yaml", "E602", "input | luhn", "input + 1"),
    ("account.flow.yaml", "E051", "timeout: 30s", "timeout: 30"),
    ("account.flow.yaml", "E703", "timeout: 30s", "timeout: 5h"),
    ("account.flow.yaml", "E702", '"+46850000009"', '"46850000009"'),
    ("account.flow.yaml", "E603", 'number: "+46850000009"', 'number: "+4685000{{ account }}"'),
    (
        "account.flow.yaml",
        "E602",
        '{say: "The next payment is due on {{ found.due | date }}.", when: found.due != none}',
        '"The next payment is due on {{ found.due | date }}."',
    ),
    ("account.flow.yaml", "E602", "amount(found.currency)", "amount"),
    ("account.flow.yaml", "E602", "amount(found.currency)", "amont(found.currency)"),
    ("account.flow.yaml", "E173", "status: {403: wrong}", "status: {999: wrong}"),
    (
        "account.flow.yaml",
        "E172",
        'with: {account: "{{ account }}", pin: "{{ pin }}"}',
        'with: {account: "{{ account }}", pin: "{{ pin }}", id: "1"}',
    ),
    ("account.flow.yaml", "E171", "      name: check_pin", "      name: check_pni"),
    (
        "account.flow.yaml",
        "E621",
        'delete: {record: pin_tries, key: "{{ account }}"}',
        "delete: {record: pin_tries}",
    ),
    (
        "account.flow.yaml",
        "E121",
        'delete: {record: pin_tries, key: "{{ account }}"}',
        'delete: {record: pin_trise, key: "{{ account }}"}',
    ),
    (
        "account.flow.yaml",
        "E052",
        "choices: {1: balance, 9: goodbye}",
        "choices: {1: balance, 19: goodbye}",
    ),
    (
        "account.flow.yaml",
        "E004",
        "choices: {1: balance, 9: goodbye}",
        "choices: {1: balance, 1: goodbye}",
    ),
    (
        "account.flow.yaml",
        "E018",
        "prompt: For your balance, press 1. To end the call, press 9.",
        "prompt: For your balance: press 1.",
    ),
    (
        "account.flow.yaml",
        "E014",
        "prompt: For your balance, press 1. To end the call, press 9.",
        "prompt: For your balance, press # 1.",
    ),
    ("account.flow.yaml", "E051", "say: One moment, please.", "say:"),
    ("account.flow.yaml", "E052", "say: One moment, please.", "sya: One moment, please."),
    (
        "account.flow.yaml",
        "E016",
        "{say: That PIN is not right., next: ask_pin}",
        "{say: Sorry, that is wrong., next: ask_pin}",
    ),
    (
        "account.flow.yaml",
        "E104",
        'json: {pin: "{{ pin }}"}',
        'json: {pin: "{{ env.PIN }}{{ pinn }}"}',
    ),
    ("account.flow.yaml", "E671", "returns: {holder: string}", "returns: {holder: strng}"),
    ("account.flow.yaml", "E051", "expires: 30m", "expires: soon"),
    ("account.flow.yaml", "E051", "locale: en-US", "locale: en_US"),
    ("account.flow.yaml", "E101", "start: welcome", "start: wellcome"),
    ("account.flow.yaml", "E101", 'keys: {"0": agent}', "keys: {0: agnet}"),
    ("account.flow.yaml", "E601", "{{ found.as_of | date }}", "{{ found.as_of | date"),
    ("front-door.flow.yaml", "E501", "prompt: {play: departments}", "prompt: departments"),
    ("front-door.flow.yaml", "E102", "prompt: {play: departments}", "prompt: {play: departmens}"),
    ("front-door.flow.yaml", "E104", "visits.departments == 1", "visits.departmnts == 1"),
    ("front-door.flow.yaml", "E601", "visits.departments == 1", "visits.departments = 1"),
    ("front-door.flow.yaml", "E104", "{{ result }}", "{{ reslt }}"),
    (
        "front-door.flow.yaml",
        "E052",
        '      ended:\n        do: [log: "the answering service: {{ result }}"]',
        "      ended:\n        say: Goodbye.",
    ),
    (
        "front-door.flow.yaml",
        "E051",
        '      ended:\n        do: [log: "the answering service: {{ result }}"]',
        "      ended: operator",
    ),
    (
        "front-door.flow.yaml",
        "E052",
        "retries: {no_input: 1, no_match: 2}",
        "retries: {no_input: 1, nomatch: 2}",
    ),
    ("front-door.flow.yaml", "E051", "timeout: 40s", "timeout: 40 s"),
    (
        "front-door.flow.yaml",
        "E104",
        "    say: Connecting you to sales.",
        "    say: Connecting you to {{ dept }}.",
    ),
    (
        "front-door.flow.yaml",
        "E005",
        "    say: Connecting you to sales.",
        "\tsay: Connecting you to sales.",
    ),
    (
        "front-door.flow.yaml",
        "E003",
        "    say: Connecting you to sales.",
        '    say: "Connecting you to sales.',
    ),
    ("front-door.flow.yaml", "E020", '        "*": departments', "        *: departments"),
    (
        "front-door.flow.yaml",
        "E508",
        "    say: Connecting you to sales.",
        '    ssml: "<speak>Connecting <b>you</speak>"',
    ),
    (
        "front-door.flow.yaml",
        "E707",
        "    say: Connecting you to sales.",
        '    play: "ftp://x/y.mp3"',
    ),
    (
        "pbx.flow.yaml",
        "E403",
        '{length: 4, pattern: "10[01]X", into: extension}',
        '{length: 4, pattern: "10[01X", into: extension}',
    ),
    (
        "pbx.flow.yaml",
        "E402",
        '{length: 4, pattern: "10[01]X", into: extension}',
        '{length: 5, pattern: "10[01]X", into: extension}',
    ),
    (
        "pbx.flow.yaml",
        "E481",
        '{length: 4, pattern: "10[01]X", into: extension}',
        '{length: 4, max: 5, pattern: "10[01]X", into: extension}',
    ),
    ("pbx.flow.yaml", "E704", "      id: weekly-meeting", '      id: ""'),
    ("pbx.flow.yaml", "E051", "hold_music: music1", "hold_music: musik1"),
    ("pbx.flow.yaml", "E104", "{{ extension | spoken_digits }}", "{{ extenson | spoken_digits }}"),
    ("pbx.flow.yaml", "E703", "timeout: 4s", "timeout: 4ms"),
    ("pbx.flow.yaml", "E101", '        "*": top\n', '        "*": tpo\n'),
    (
        "opening-hours.flow.yaml",
        "E161",
        "    timezone: Europe/Stockholm",
        "    timezone: Europe/Stokholm",
    ),
    ("opening-hours.flow.yaml", "E162", "holidays: SE", "holidays: XX"),
    ("opening-hours.flow.yaml", "E055", "fri: 08:00-15:00", "fir: 08:00-15:00"),
    ("opening-hours.flow.yaml", "E051", "fri: 08:00-15:00", "fri: 08:00-25:00"),
    (
        "opening-hours.flow.yaml",
        "E663",
        "closed: [2026-12-24..2027-01-01]",
        "closed: [2026-12-24..2026-12-01]",
    ),
    ("opening-hours.flow.yaml", "E663", "closed: [2026-12-24..2027-01-01]", "closed: [2026-12-32]"),
    ("opening-hours.flow.yaml", "E104", "open(office)", "open(ofice)"),
    ("opening-hours.flow.yaml", "E601", "open(office)", "opne(office)"),
    ("opening-hours.flow.yaml", "E104", '"{{ lisbon }}"', '"{{ lisbn }}"'),
    ("opening-hours.flow.yaml", "E506", "locale: en-US}", "locale: en-XX}"),
    ("opening-hours.flow.yaml", "E602", "hours(office)", "hours(number)"),
    (
        "poll.flow.yaml",
        "E104",
        'key: "{{ choice }}", into: total',
        'key: "{{ chioce }}", into: total',
    ),
    (
        "poll.flow.yaml",
        "E051",
        "  votes: {key: string, value: integer}",
        "  votes: {key: strin, value: integer}",
    ),
    ("poll.flow.yaml", "E602", "default('other one')", "defualt('other one')"),
    ("poll.flow.yaml", "E104", "recorded(voters, call.from)", "recorded(voter, call.from)"),
    ("poll.flow.yaml", "E104", "not call.from", "not call.form"),
    ("poll.flow.yaml", "E051", "    hangup:\n\n  again:", "    hangup: now\n\n  again:"),
    ("poll.flow.yaml", "E621", 'value: "{{ choice }}", into: voter', "into: voter"),
    ("poll.flow.yaml", "E602", '"Thank you. Votes', "\"{{ 'a' + 1 }} Votes"),
    ("app.yaml", "E105", "    flow: pbx", "    flow: pxb"),
    ("app.yaml", "E701", '"+46850000100"', '"46850000100"'),
    ("app.yaml", "E209", '  - to: "+46850000200"', '  - to: "+46850000100"'),
    ("app.yaml", "E513", "locale: en-US", "locale: xx"),
    ("app.yaml", "E052", "on:\n  error:", "on:\n  eror:"),
    ("account.flow.yaml", "E401", "      length: 8\n", "", "prompt: Please enter your eight"),
    ("account.flow.yaml", "E202", "next: ask_account", "next: welcome", "  welcome:\n"),
    ("account.flow.yaml", "E204", "      - {next: ask_pin}\n", "", "- {when: tries_before"),
    (
        "account.flow.yaml",
        "E271",
        "      meanwhile: One moment, I am looking that up.\n",
        "",
        "request:\n      name: get_balance",
    ),
    ("account.flow.yaml", "E172", ', pin: "{{ pin }}"}', "}", "request:\n      name: check_pin"),
    (
        "account.flow.yaml",
        "E203",
        "      - {when: tries_so_far > 3, next: locked}\n      - {next: check_pin}",
        "      - {next: check_pin}\n      - {when: tries_so_far > 3, next: locked}",
        "- {when: tries_so_far > 3",
    ),
    (
        "account.flow.yaml",
        "E805",
        "params: {account: digits, pin: {type: digits, secret: true}}",
        "params: {account: digits, pin: digits}",
        'with: {account: "{{ account }}", pin:',
    ),
    ("account.flow.yaml", "E004", "locale: en-US", "locale: en-US\nlocale: sv-SE", "locale: sv-SE"),
    (
        "account.flow.yaml",
        "E054",
        '    connect: {number: "+46850000009", timeout: 30s}',
        '    connect: {number: "+46850000009", timeout: 30s}\n    hangup:',
        "hangup:",
    ),
    (
        "account.flow.yaml",
        "E003",
        "choices: {1: balance, 9: goodbye}",
        "choices: {1: balance, #: goodbye}",
        "choices: {1: balance, #",
    ),
    ("account.flow.yaml", "E104", "      into: customer\n", "", "say: Thank you, {{ customer"),
    (
        "opening-hours.flow.yaml",
        "E505",
        "    en-US: For Stockholm, press 1. For Lisbon, press 2. If it is urgent, press 9.\n",
        "",
        "  offices:\n    sv-SE",
    ),
    ("opening-hours.flow.yaml", "E662", "mon-thu: [08:00", "mon-fri: [08:00", "fri: 08:00-15:00"),
    ("opening-hours.flow.yaml", "E603", ', number: "+46850000001"}', "}", "connect:"),
    (
        "app.yaml",
        "E209",
        '  - to: "+46850000400"\n    flow: poll\n  - flow: front-door',
        '  - flow: front-door\n  - to: "+46850000400"\n    flow: poll',
        '  - to: "+46850000400"',
    ),
    (
        "app.yaml",
        "E106",
        "    flow: poll\n",
        "    flow: poll\n    with: {x: 1}\n",
        '- to: "+46850000400"',
    ),
    (
        "poll.flow.yaml",
        "E621",
        "  votes: {key: string, value: integer}",
        "  votes: {key: string, value: string}",
        "- count: {record: votes",
    ),
]
"""File, code, what stands there and what is made of it; the fifth is in the line that is told, else
the first thing that is new."""


def third(seeds: Iterable[Seed]) -> Iterator[Seed]:
    """Every third: each costs a lint of its application."""
    return islice(seeds, 0, None, 3)


def found_in(files: dict[str, str]) -> tuple[Diagnostic, ...]:
    contents = {path: text.encode() for path, text in files.items()}
    gathered = Gathered(contents=contents, unreadable={}, wanted=frozenset(contents))
    return check_application(gathered, PLATFORM, today=date(2026, 11, 24)).diagnostics


@pytest.mark.parametrize("number", range(len(applications())))
def test_nothing_is_found_without_a_fault(number: int) -> None:
    assert found_in(applications()[number]) == ()


@pytest.mark.parametrize(
    ("seed", "codes"),
    [
        *((each, {"E101"}) for each in third(misspelled_targets())),
        *((each, {"E206"}) for each in third(dropped_outcomes())),
        *((each, {"E052", "E103", "E173"}) for each in third(misspelled_keys())),
    ],
    ids=lambda each: each.what if isinstance(each, Seed) else "",
)
def test_a_slip_is_told_once_in_its_line(seed: Seed, codes: set[str]) -> None:
    found = found_in(seed.files)
    assert [(each.path, each.span.line) for each in found] == [(seed.path, seed.line)], found
    assert {each.code for each in found} <= codes


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault[1]} {fault[3][:40].strip()}")
def test_a_fault_is_told_once_in_its_line(fault: tuple[str, ...]) -> None:
    path, code, old, new, *at = fault
    seed = edited(path, old, new, *at)
    found = found_in(seed.files)
    told = [(each.code, each.path, each.span.line) for each in found]
    assert told == [(code, path, seed.line)], found


def test_many_kinds_are_seeded() -> None:
    assert len({code for _, code, *_ in FAULTS}) > 40
