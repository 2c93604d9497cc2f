"""Who is on the line when a reply is sent, and so what it may hold: the language's contexts."""

from enum import StrEnum


class Context(StrEnum):
    """`none` is nobody: the call is over, or the news came beside it."""

    ICE = "ice"
    MENU = "menu"
    ANSWERED = "answered"
    BRIDGED = "bridged"
    HELD = "held"
    PARKED = "parked"
    ROOM = "room"
    LIVE = "live"
    NONE = "none"
