"""All that the API can be asked: one line an operation, and each is served and documented."""

from functools import cache
from http import HTTPStatus

from ivrflow.server.api import (
    callouts,
    calls,
    conferences,
    flows,
    jobs,
    records,
    schedules,
)
from ivrflow.server.api.asked import Asked
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.openapi import describe
from ivrflow.server.api.operation import Operation

ACCEPTED, NO_CONTENT = HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT

UNKNOWN = (HTTPStatus.NOT_FOUND,)
"""Nothing has that name."""

UNFIT = (HTTPStatus.UNPROCESSABLE_ENTITY,)
"""It can be read, but not done."""

REFUSED = (HTTPStatus.CONFLICT,)
"""Things are not as they would have to be."""

SIGNALLED = (*UNKNOWN, *REFUSED, *UNFIT, HTTPStatus.TOO_MANY_REQUESTS)
"""A call may have more to do than it can."""

PLATFORM = (*UNKNOWN, *REFUSED, *UNFIT, HTTPStatus.BAD_GATEWAY)
"""The platform is asked."""

ROOM = "/v1/conferences/{room}/participants"
MEMBER = f"{ROOM}/{{call}}"
CALL = "/v1/calls/{call}"
SIGNAL = f"{CALL}/signals/{{signal}}"
CALLOUT = "/v1/callouts/{callout}"
VALUE = "/v1/records/{record}/value"

MERMAID = "text/vnd.mermaid"


async def document(engine: Engine, asked: Asked) -> dict[str, object]:
    """Return this document, which is the same for all engines of a release."""
    return described()


@cache
def described() -> dict[str, object]:
    """Return the OpenAPI document of the whole table."""
    return describe(TABLE)


TABLE: tuple[Operation, ...] = (
    Operation("getOpenApi", "GET", "/v1/openapi.json", document, is_public=True),
    Operation("listFlows", "GET", "/v1/flows", flows.listed),
    Operation("getFlow", "GET", "/v1/flows/{flow}", flows.one, UNKNOWN),
    Operation("drawFlow", "GET", "/v1/flows/{flow}/diagram", flows.diagram, UNKNOWN, media=MERMAID),
    Operation("listCalls", "GET", "/v1/calls", calls.listed),
    Operation("getCall", "GET", CALL, calls.one, UNKNOWN),
    Operation("getJournal", "GET", f"{CALL}/journal", calls.journal, UNKNOWN),
    Operation("hangUpCall", "POST", f"{CALL}/hangup", calls.hang_up, PLATFORM, ACCEPTED),
    Operation("signalCall", "POST", SIGNAL, calls.signal, SIGNALLED, ACCEPTED),
    Operation("orderCallouts", "POST", "/v1/callouts", callouts.order),
    Operation("listCallouts", "GET", "/v1/callouts", callouts.listed, UNKNOWN),
    Operation("getCallout", "GET", CALLOUT, callouts.one, UNKNOWN),
    Operation("cancelCallout", "POST", f"{CALLOUT}/cancel", callouts.cancel, (*UNKNOWN, *REFUSED)),
    Operation("listParticipants", "GET", ROOM, conferences.participants, PLATFORM),
    Operation("kickAll", "DELETE", ROOM, conferences.kick_all, PLATFORM, NO_CONTENT),
    Operation("kickParticipant", "DELETE", MEMBER, conferences.kick, PLATFORM, NO_CONTENT),
    Operation("muteParticipant", "POST", f"{MEMBER}/mute", conferences.mute, PLATFORM, NO_CONTENT),
    Operation(
        "unmuteParticipant", "POST", f"{MEMBER}/unmute", conferences.unmute, PLATFORM, NO_CONTENT
    ),
    Operation("holdParticipant", "POST", f"{MEMBER}/hold", conferences.hold, PLATFORM, NO_CONTENT),
    Operation(
        "resumeParticipant", "POST", f"{MEMBER}/resume", conferences.resume, PLATFORM, NO_CONTENT
    ),
    Operation("listJobs", "GET", "/v1/jobs", jobs.listed, UNKNOWN),
    Operation("getJob", "GET", "/v1/jobs/{job}", jobs.one, UNKNOWN),
    Operation("retryJob", "POST", "/v1/jobs/{job}/retry", jobs.retry, (*UNKNOWN, *REFUSED)),
    Operation("listRecords", "GET", "/v1/records", records.declared),
    Operation("listEntries", "GET", "/v1/records/{record}/entries", records.entries, UNKNOWN),
    Operation("getValue", "GET", VALUE, records.get, UNKNOWN),
    Operation("putValue", "PUT", VALUE, records.put, (*UNKNOWN, *REFUSED, *UNFIT)),
    Operation("deleteValue", "DELETE", VALUE, records.delete, UNKNOWN),
    Operation("listSchedules", "GET", "/v1/schedules", schedules.listed),
    Operation(
        "getOpening", "GET", "/v1/schedules/{schedule}/open", schedules.opening, (*UNKNOWN, *UNFIT)
    ),
)
