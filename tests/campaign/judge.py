"""What must hold of each row, whatever failed: told by the platform's transcript, not by the
engine."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TRIES = 2
"""How often the flow lets one number be rung."""

Entry = Mapping[str, Any]


@dataclass
class Ringing:
    """One call that rang: who did what, as far as the transcript says."""

    rang: int
    answered: int = 0
    welcomed: bool = False
    refused: str = ""
    ended: int = 0
    result: str = ""


@dataclass
class Person:
    ringings: list[Ringing] = field(default_factory=list)

    @property
    def was_welcomed(self) -> bool:
        return any(each.welcomed for each in self.ringings)


def people(entries: Iterable[Entry]) -> dict[str, Person]:
    """Return what happened at each number."""
    by_call: dict[str, Ringing] = {}
    found: defaultdict[str, Person] = defaultdict(Person)
    for entry in entries:
        if entry["type"] == "rang":
            by_call[entry["call"]] = Ringing(entry["at"])
            found[entry["to"]].ringings.append(by_call[entry["call"]])
            continue
        ringing = by_call.get(entry["call"])
        match entry, ringing:
            case {"type": "answered", "at": at}, Ringing():
                ringing.answered = at
            case {"type": "received", "event": "ace", "status": 200, "used": True}, Ringing():
                ringing.welcomed = True
            case {"type": "refused", "why": why}, Ringing():
                ringing.refused = why
            case {"type": "ended", "at": at, "result": result}, Ringing():
                ringing.ended, ringing.result = at, result
            case _:
                pass
    return found


def results(directory: Path) -> list[dict[str, str]]:
    """Return the rows of the file of results."""
    with (directory / "people.csv.results.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def complaints(
    numbers: Sequence[str],
    rows: Sequence[Mapping[str, str]],
    found: Mapping[str, Person],
    still_open: Mapping[str, str],
) -> Iterator[str]:
    """Yield what is wrong. Rows that are `still_open` have no outcome yet."""
    by_number: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
    for row in rows:
        by_number[numbers[int(row["row"]) - 1]].append(row)
    for number in numbers:
        person = found.get(number, Person())
        outcomes = by_number[number]
        if len(outcomes) != (number not in still_open):
            yield f"{number} has {len(outcomes)} outcomes and is {still_open.get(number, 'over')}"
        for each in outcomes:
            for wrong in _of_outcome(person, each):
                yield f"{number}: {wrong}"
        for wrong in _of_person(person):
            yield f"{number}: {wrong}"


def _of_person(person: Person) -> Iterator[str]:
    """What must hold of a number whatever the engine says."""
    if len(person.ringings) > TRIES:
        yield f"it rang {len(person.ringings)} times"
    for first, second in zip(person.ringings, person.ringings[1:], strict=False):
        if not first.ended or second.rang < first.ended:
            yield "it rang twice at a time"
        if first.answered:
            yield "it rang again after it was answered"


def _of_outcome(person: Person, row: Mapping[str, str]) -> Iterator[str]:
    """Whether the file of results tells what happened."""
    rang, result = person.ringings, row["result"]
    if row["status"] != "over":
        yield f"the row was {row['status']}"
    if len(rang) > int(row["attempts"]):
        yield f"it rang {len(rang)} times in {row['attempts']} tries"
    if person.was_welcomed and result != "answered":
        yield f"it is {result}, and was spoken to"
    if result == "answered" and not any(each.answered for each in rang):
        yield "it is answered, and nobody did"
    last = rang[-1] if rang else None
    match result, last:
        case "busy", Ringing(refused="busy"):
            pass
        case "no_answer", Ringing(answered=0, result="NOANSWER"):
            pass
        case "refused", None:
            pass
        case (("busy" | "no_answer" | "refused"), _):
            yield f"it is {result}, but {last}"
        case _:
            pass
