"""Numbers and callback URLs of applications, and what a number is (section 4.4)."""

import msgspec

from ivrflow.emulator.callbacks import money
from ivrflow.emulator.fields import Fields
from ivrflow.emulator.setup import Application
from ivrflow.emulator.transcript import Json
from ivrflow.emulator.world import Rented, World
from ivrflow.errors import IllegalError, MissingError, RestError
from ivrflow.numbers import normalise

COUNTRY_BY_CODE = {
    "1": "US",
    "31": "NL",
    "33": "FR",
    "34": "ES",
    "39": "IT",
    "44": "GB",
    "45": "DK",
    "46": "SE",
    "47": "NO",
    "49": "DE",
    "55": "BR",
    "61": "AU",
    "65": "SG",
    "358": "FI",
}
MOBILE = ("+467", "+447", "+4915", "+4916", "+4917", "+336", "+337", "+316", "+346", "+393")


def numbers(world: World) -> Json:
    """GET the rented numbers; `applicationkey` is absent where one is unassigned."""
    return {"numbers": [_number(number, rented) for number, rented in world.numbers.items()]}


def assign(world: World, asking: Application, body: Fields) -> None:
    """POST numbers to an application, the asking one if none is named."""
    wanted = body.texts("numbers")
    if not wanted:
        raise MissingError("the body has no numbers")
    app = _app(world, body.text("applicationkey") or asking.key)
    capability = body.text("capability", "voice").lower()
    if capability not in ("voice", "sms"):
        raise IllegalError(f'capability "{capability}" is neither voice nor sms')
    for number in wanted:
        _require_rented(world, number)
    for number in wanted:
        world.numbers[number] = Rented(app.key, capability)


def unassign(world: World, body: Fields) -> None:
    """DELETE, with a body: a number is assigned to nobody."""
    number = body.need_text("number")
    if body.text("applicationkey"):
        _app(world, body.text("applicationkey"))
    _require_rented(world, number)
    world.numbers[number] = msgspec.structs.replace(world.numbers[number], app="")


def urls(world: World, key: str) -> Json:
    """GET the callback URLs; `fallback` is absent where there is none."""
    app = _app(world, key)
    found: Json = {"primary": app.primary}
    if app.fallback:
        found["fallback"] = app.fallback
    return {"url": found}


def set_urls(world: World, key: str, body: Fields) -> None:
    """POST the callback URLs."""
    app = _app(world, key)
    url = body.child("url")
    if url is None:
        raise MissingError("the body has no url")
    primary, fallback = url.text("primary"), url.text("fallback")
    for each in (primary, fallback):
        if each and not each.startswith(("http://", "https://")):
            raise IllegalError(f'"{each}" is no http or https URL')
    kept = "" if world.switches.fallback_cleared else app.fallback
    changed = msgspec.structs.replace(app, primary=primary, fallback=fallback or kept)
    world.change_app(changed)


def query(world: World, number: str) -> Json:
    """GET what a number is."""
    normal = normalise(number)
    if normal is None:
        raise IllegalError(f'"{number}" is no number')
    codes = [code for code in COUNTRY_BY_CODE if normal[1:].startswith(code)]
    found = {
        "countryId": COUNTRY_BY_CODE[max(codes, key=len)] if codes else "",
        "numberType": "Mobile" if normal.startswith(MOBILE) else "Fixed" if codes else "Unknown",
        "normalizedNumber": normal,
        "restricted": normal.startswith(world.setup.forbidden or ("\0",)),
        "rate": money(world.switches.rate),
    }
    return {world.switches.query_key: found}


def _number(number: str, rented: Rented) -> Json:
    found: Json = {"number": number}
    if rented.app:
        found["applicationkey"] = rented.app
    found["capability"] = rented.capability
    return found


def _app(world: World, key: str) -> Application:
    app = world.app(key)
    if app is None:
        raise RestError(40_003, "Invalid application key")
    return app


def _require_rented(world: World, number: str) -> None:
    if number not in world.numbers:
        raise IllegalError(f'"{number}" is not among the rented numbers')
