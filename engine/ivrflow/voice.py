"""The client of the Sinch Voice API v1, for programs of any kind: see docs/client.md."""

from ivrflow.errors import (
    AuthenticationError,
    BadRequestError,
    ForbiddenError,
    NotEnoughCreditError,
    NotFoundError,
    NotSentError,
    RequestError,
    ServerError,
    SettingsError,
    TooManyRequestsError,
    UnknownOutcomeError,
    VoiceApiError,
    VoiceError,
)
from ivrflow.outbound.repeating import Patience
from ivrflow.outbound.voice import VoiceClient
from ivrflow.sinch import svaml
from ivrflow.sinch.regions import region_of
from ivrflow.sinch.rest_types import (
    Callbacks,
    CallInfo,
    Conference,
    ConferenceCallout,
    CustomCallout,
    Destination,
    NumberInfo,
    Participant,
    RentedNumber,
    TtsCallout,
)
from ivrflow.sinch.ringing import inline, number, ring_number, ring_sip, sip, user

__all__ = [
    "AuthenticationError",
    "BadRequestError",
    "CallInfo",
    "Callbacks",
    "Conference",
    "ConferenceCallout",
    "CustomCallout",
    "Destination",
    "ForbiddenError",
    "NotEnoughCreditError",
    "NotFoundError",
    "NotSentError",
    "NumberInfo",
    "Participant",
    "Patience",
    "RentedNumber",
    "RequestError",
    "ServerError",
    "SettingsError",
    "TooManyRequestsError",
    "TtsCallout",
    "UnknownOutcomeError",
    "VoiceApiError",
    "VoiceClient",
    "VoiceError",
    "inline",
    "number",
    "region_of",
    "ring_number",
    "ring_sip",
    "sip",
    "svaml",
    "user",
]
