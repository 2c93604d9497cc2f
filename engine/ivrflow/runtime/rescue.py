"""What a caller hears when the turn can't be made: chosen from the event alone, without a store.

A rescue reply is terminal: it hangs up, or hands the call over for good; nothing can be resumed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from ivrflow.clock import as_text, now
from ivrflow.library import Catalog, Library
from ivrflow.machine.events import (
    Answered,
    Chosen,
    Digits,
    Ended,
    Event,
    Incoming,
    LegBridged,
    LegEnded,
    MenuFailed,
    MenuHangup,
    MenuInput,
    Moved,
    NoInput,
    NoMatch,
    Notified,
    Signal,
    Unknown,
    Unreached,
    Woken,
)
from ivrflow.machine.fail import apology
from ivrflow.machine.outcome import Facts
from ivrflow.machine.replies import MENU, Continue, Hangup, Reply
from ivrflow.machine.routing import route
from ivrflow.machine.step import begin, last_words
from ivrflow.runtime.answer import Answer, fill
from ivrflow.runtime.token import is_token
from ivrflow.sinch.render import render

NOTHING = b""
EMPTY = b"{}"


def rescue(event: Event, catalog: Catalog, facts: Facts) -> bytes:
    """Return the rescue reply to `event`, as bytes of the dialect."""
    match event:
        case LegEnded() | LegBridged() | Signal() | Woken() | Moved():
            return NOTHING
        case Ended() | Notified() | Unreached():
            return NOTHING
        case Unknown():
            return EMPTY
        case _:
            return _reply(event, catalog, facts)


def _reply(event: Incoming | Answered | MenuInput, catalog: Catalog, facts: Facts) -> bytes:
    match event:
        case Incoming():
            return render(_for_a_new_call(event, catalog, facts))
        case Answered(custom=custom) if is_token(custom):
            return render(apology(catalog.app.sorry, catalog.app.locale, answer=False))
        case Answered():
            return render(Reply(number=1, action=Continue()))
        case MenuHangup():
            return render(Reply(number=1, action=Hangup()))
        case Digits(menu=menu) if menu != MENU:
            return NOTHING
        case Chosen() | Digits() | NoInput() | NoMatch() | MenuFailed():
            app = catalog.app
            return render(apology(app.sorry, app.locale, answer=False))


def unrouted(catalog: Catalog) -> bytes:
    """Return the reply to a call that no route takes."""
    return render(apology(catalog.app.sorry, catalog.app.locale, answer=True))


def _for_a_new_call(event: Incoming, catalog: Catalog, facts: Facts) -> Reply:
    """The last words of the flow that would have answered, else the application's."""
    found = route(catalog.routes, event)
    if found is None:
        return apology(catalog.app.sorry, catalog.app.locale, answer=True)
    program = catalog.programs[found.flow]
    session = begin(program, event, params=found.params, locale=found.locale)
    words = last_words(program, session, facts)
    return words or apology(catalog.app.sorry, session.locale, answer=True)


class LastWords:
    """Answers every event with its rescue reply: a fallback server that keeps no calls."""

    def __init__(
        self, library: Library, environment: Mapping[str, str], now: Callable[[], datetime] = now
    ) -> None:
        self.library = library
        self.environment = environment
        self.now = now

    async def answer(self, event: Event, *, arrived: float) -> Answer:
        """Return the rescue reply; `arrived` doesn't matter, for nothing is waited for."""
        body = rescue(event, self.library.current, Facts(now=as_text(self.now())))
        return Answer(200, fill(body, self.environment))
