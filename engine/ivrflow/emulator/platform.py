"""The platform: calls come in, people act, requests arrive, callbacks leave and are answered.

Pure: no clock, no sockets, no chance. Whoever runs it tells it the time (`advance`), takes the
callbacks that are to be sent (`take`) and brings their answers (`answer`); the same inputs give the
same transcript.
"""

from typing import get_args

import msgspec

from ivrflow.emulator.auth import Request, headers_for
from ivrflow.emulator.clock import Signal
from ivrflow.emulator.dialling import beeped
from ivrflow.emulator.life import come_in, live
from ivrflow.emulator.look import is_heard
from ivrflow.emulator.rest import Response, respond
from ivrflow.emulator.sending import send_again
from ivrflow.emulator.setup import Application, Fault, Inbound, Person, RestFault, Setup
from ivrflow.emulator.signals import Beeped, Key, PickedUp, Refusal, Refused, Replied, Speech, Voice
from ivrflow.emulator.svaml import MAX_CUSTOM
from ivrflow.emulator.transcript import Dialled, Entry, Pressed, Received, Spoke, clipped
from ivrflow.emulator.world import Address, Call, Delivery, Leg, MenuBroken, Over, World
from ivrflow.errors import EmulatorError, NoSuchCallError

KEYS = frozenset("0123456789*#")
DIALLED_BY_ORIGIN = {"pstn": "did", "sip": "did", "app": "username"}
DOMAIN_BY_KIND = {"username": "mxp", "conference": "conference"}
CALLER_BY_ORIGIN = {"pstn": "number", "sip": "sip", "app": "username"}
NAME_BY_ORIGIN = {"pstn": "PSTN", "sip": "SIP", "app": "MXP"}


class Platform:
    """Everything at Sinch, from `now` on (milliseconds since 1970, UTC)."""

    def __init__(self, setup: Setup, *, now: int) -> None:
        self.world = World(setup, now)

    @property
    def now(self) -> int:
        return self.world.clock.now

    @property
    def due(self) -> int | None:
        """When something happens next by itself; None: nothing ever."""
        return self.world.clock.due

    @property
    def transcript(self) -> list[Entry]:
        return self.world.transcript

    def entries(self, after: int) -> tuple[list[Entry], int]:
        """Return the entries from number `after` on that are kept, and the number of the next."""
        world = self.world
        kept = world.transcript[max(0, after - world.forgotten) :]
        return kept, world.forgotten + len(world.transcript)

    @property
    def setup(self) -> Setup:
        return self.world.setup

    def advance(self, to: int) -> None:
        """Let time pass until `to`. What is due on the way happens; call it at each `due` to give
        the application its turn."""
        self.world.clock.advance(to)

    # -- callbacks

    def take(self) -> list[Delivery]:
        """Return the callbacks that leave now, each once."""
        taken, self.world.outbox = self.world.outbox, []
        return taken

    def headers(self, delivery: Delivery, now: int | None = None) -> dict[str, str]:
        """Return the headers of a callback, signed at `now` (the platform's time)."""
        app = self.world.app(delivery.app) or Application(key=delivery.app)
        return headers_for(delivery, app, self.world.switches, self.now if now is None else now)

    def answer(self, delivery: int, status: int, body: bytes = b"", failure: str = "") -> None:
        """Take the answer to a callback, or with `failure` the reason why there is none."""
        world = self.world
        call, event = world.under_way.pop(delivery, ("", ""))
        replied = Replied(status=status, body=body, failure=failure)
        waiting = world.pending.get(delivery)
        if waiting is not None and delivery not in world.lost:
            world.clock.tell(waiting, replied)
        elif call:
            world.lost.discard(delivery)
            world.log(
                Received(
                    at=self.now,
                    call=call,
                    event=event,
                    status=status,
                    body=clipped(body),
                    failure=failure,
                    used=False,
                )
            )
        world.clock.run()

    # -- people

    def call(self, inbound: Inbound) -> str:
        """Let a call come in; returns its id."""
        if len(inbound.custom.encode()) > MAX_CUSTOM:
            raise EmulatorError(f"custom has more than {MAX_CUSTOM} bytes")
        world = self.world
        call = _incoming(world, inbound)
        world.place(call)
        origin = Address(CALLER_BY_ORIGIN[inbound.origin], inbound.caller)
        call.near = call.listener = call.add_leg("caller", origin)
        world.log(Dialled(at=self.now, call=call.id, who="caller", caller=call.cli, to=inbound.to))
        call.main = world.clock.start(live(call, come_in(call)))
        world.clock.run()
        return call.id

    def press(self, call: str, keys: str, who: str = "") -> None:
        """Let a party press keys, all in this moment."""
        if not keys or not KEYS.issuperset(keys):
            raise EmulatorError(f'"{keys}" are no keys: a phone has 0-9, * and #')
        found, leg = self._up(call, who)
        for key in keys:
            lost = not (self.world.switches.type_ahead or is_heard(found, leg, "keys"))
            found.log(Pressed(at=self.now, call=call, who=leg.name, key=key, lost=lost))
            self._tell(found, Key(who=leg.name, key=key), keeps=key)

    def speak(self, call: str, text: str, who: str = "", lasting: int = 0) -> None:
        """Let a party say something, which takes `lasting` milliseconds."""
        if not text.strip():
            raise EmulatorError("no words are said: write some")
        found, leg = self._up(call, who)
        lost = not is_heard(found, leg, "words")
        found.log(Spoke(at=self.now, call=call, who=leg.name, text=text, lost=lost))
        self._tell(found, Speech(who=leg.name, text=text, lasting=lasting))

    def pick_up(self, call: str, who: str = "", voice: Voice = "human") -> None:
        """Let a ringing phone be answered, by a `human`, a `machine`, or one can't tell."""
        if voice not in get_args(Voice):
            raise EmulatorError(f'"{voice}" answers no phone: {", ".join(get_args(Voice))}')
        found, leg = self._ringing(call, who)
        self._tell(found, PickedUp(who=leg.name, voice=voice))

    def reject(self, call: str, who: str = "", why: Refusal = "busy") -> None:
        """Let a ringing phone be busy, not answered, or out of order."""
        if why not in get_args(Refusal):
            raise EmulatorError(f'"{why}" is no refusal: {", ".join(get_args(Refusal))}')
        found, leg = self._ringing(call, who)
        self._tell(found, Refused(who=leg.name, why=why))

    def beep(self, call: str, who: str = "") -> None:
        """Let an answering machine beep."""
        found, leg = self._up(call, who or "callee")
        if leg.voice == "human":
            raise EmulatorError(f"{leg.name} is no machine: a person answered, who doesn't beep")
        beeped(found, leg)
        self._tell(found, Beeped(who=leg.name))

    def hang_up(self, call: str, who: str = "") -> None:
        """Let a party hang up. A caller may at any time; others once they have answered."""
        found, leg = self._present(call, who)
        is_caller = leg.name == "caller"
        if not leg.up and not is_caller:
            raise EmulatorError(f"{leg.name} is ringing: answer or reject it")
        gave_up = is_caller and (not leg.up or found.does("ring"))
        found.drop(leg)
        if gave_up:
            found.end(Over("CANCEL", self.world.switches.cancel_result, who=leg.name))
        else:
            reason = "CALLERHANGUP" if is_caller else "CALLEEHANGUP"
            found.end(Over(reason, who=leg.name))
        self.world.clock.run()

    def break_menu(self, call: str) -> None:
        """Let the platform fail to run the menu that the call is in."""
        found = self.find(call)
        if not found.does("menu"):
            raise EmulatorError("the call is in no menu")
        found.interrupt(MenuBroken())
        self.world.clock.run()

    # -- requests and faults

    def request(self, request: Request, now: int | None = None) -> Response:
        """Carry out a REST request. `now`: what its timestamp is held against."""
        return respond(self.world, request, self.now if now is None else now)

    def inject(self, fault: Fault | RestFault) -> None:
        """Let something go wrong with what comes next."""
        if isinstance(fault, Fault):
            if fault.call:
                self.find(fault.call)
            self.world.faults.append(fault)
        else:
            self.world.rest_faults.append(fault)

    def resend(self, call: str, event: str = "") -> None:
        """Send the call's last callback (of one event) again, byte for byte."""
        self._send_again(call, event, forged=False)

    def forge(self, call: str, event: str = "") -> None:
        """Send the call's last callback (of one event) again, signed with another secret."""
        self._send_again(call, event, forged=True)

    def meet(self, people: tuple[Person, ...]) -> None:
        """Let these people answer their phones by themselves from now on."""
        self.world.meet(people)

    # -- finding

    def find(self, call: str) -> Call:
        """Return a call; raises `EmulatorError` if there is none."""
        found = self.world.calls.get(call)
        if found is None:
            raise NoSuchCallError(f'no call has the id "{call}"')
        return found

    def _present(self, call: str, who: str) -> tuple[Call, Leg]:
        """Return a leg that is on the line or ringing; "" is who prompts are for."""
        found = self.find(call)
        asked = found.doing.leg if found.doing is not None and found.does("menu") else None
        first = asked or found.near or (found.legs[-1] if found.legs else None)
        leg = found.leg(who) if who else first
        if leg is None:
            names = ", ".join(each.name for each in found.legs) or "nobody"
            raise EmulatorError(f'the call has no "{who or "caller"}": there is {names}')
        if leg.gone:
            raise EmulatorError(f"{leg.name} is not on the line any more")
        return found, leg

    def _up(self, call: str, who: str) -> tuple[Call, Leg]:
        found, leg = self._present(call, who)
        if not leg.up and leg.name != "caller":
            raise EmulatorError(f"{leg.name} is ringing: answer it first")
        return found, leg

    def _ringing(self, call: str, who: str) -> tuple[Call, Leg]:
        found = self.find(call)
        ringing = [each for each in found.legs if not each.up and not each.gone]
        for leg in ringing:
            if leg.name != "caller" and who in ("", leg.name):
                return found, leg
        raise EmulatorError(f"{who} is not ringing" if who else "nobody is ringing")

    def _tell(self, call: Call, signal: Signal, keeps: str = "") -> None:
        main = call.main
        if main is None:
            return
        if keeps and self.world.switches.type_ahead and Key not in main.waits.signals:
            call.typed += keeps
        self.world.clock.tell(main, signal)
        self.world.clock.run()

    def _send_again(self, call: str, event: str, *, forged: bool) -> None:
        if not send_again(self.find(call), event, forged=forged):
            raise EmulatorError(f"the call has sent no {event or 'callback'} yet")


def _incoming(world: World, inbound: Inbound) -> Call:
    kind = inbound.to_kind or DIALLED_BY_ORIGIN[inbound.origin]
    return Call(
        world=world,
        id="",
        app=world.app_of_number(inbound.to),
        cli="" if inbound.withheld else inbound.caller,
        to=Address(kind, inbound.to),
        domain=DOMAIN_BY_KIND.get(kind, "pstn"),
        origin=NAME_BY_ORIGIN[inbound.origin],
        user=inbound.caller if inbound.origin == "app" else "",
        custom=inbound.custom or _mirrored(inbound),
        redirected_from=inbound.redirected_from,
        headers=inbound.headers,
    )


def _mirrored(inbound: Inbound) -> str:
    """An app's call headers are in `custom` too, as JSON: deprecated, and still sent."""
    if inbound.origin != "app" or not inbound.headers:
        return ""
    return msgspec.json.encode(inbound.headers).decode()
