"""Every failure that ivrflow raises, as one tree.

Findings about an author's text are values (`ivrflow.diagnostics`); failures are these exceptions.

    IvrflowError
    |-- UsageError              the command line or the configuration is wrong (exit 2)
    |   |-- SettingsError       a setting is missing, malformed or contradicts another
    |   |-- ScriptError         a line of a script is no act of a person on the phone
    |   `-- RequestError        what the Voice API could never take: nothing is sent
    |-- NothingToReadError      what was asked for is not there: no flow, no value (exit 3)
    |-- ExpressionError         an expression or template that can't be parsed or typed
    |-- ProgramError            a stored program that this release can't read
    |-- EvaluationError         an expression failed on the values of one call
    |-- CallbackError           bytes that are no callback
    |-- SignatureError          a request that the platform didn't sign
    |-- ExchangeError           another server gave no answer over HTTP
    |-- VoiceError              the Voice API did not do what it was asked (exit 4)
    |   |-- NotSentError        nothing was sent: it may be asked again
    |   |-- UnknownOutcomeError  it was sent, and no answer says what became of it
    |   `-- VoiceApiError       it refused, with a status and Sinch's code
    |       |-- BadRequestError        400: 40001 parameter, 40002 missing, 40003 invalid
    |       |-- AuthenticationError    401: header, time, signature, credentials; 40301: scheme
    |       |-- NotEnoughCreditError   402
    |       |-- ForbiddenError         403: the destination
    |       |-- NotFoundError          404: no such call, room, participant
    |       |-- TooManyRequestsError   429
    |       `-- ServerError            5xx
    |-- OrderError              a callout that can't be ordered
    |-- EngineError             a running engine refused, or is none (exit 4)
    |-- EmulatorError           what nobody on an emulated call could do
    |   `-- NoSuchCallError     there is no such call
    |-- TooLargeError           a request with more bytes than are read
    |-- RestError               what the emulated REST API refuses
    |-- IllegalError            bytes that the emulated platform can't execute
    |   `-- MissingError        what must be there and isn't
    |-- MissedError             an emulated call didn't go as it was expected to
    `-- StoreError              the store could not do what it was asked
        |-- ConflictError       another process moved the call first
        `-- StoreUnavailableError  locked, full or unreachable
"""


class IvrflowError(Exception):
    """Root of every exception that ivrflow raises on purpose."""


class UsageError(IvrflowError):
    """The command line or the configuration is wrong."""


class SettingsError(UsageError):
    """A setting is missing, malformed or contradicts another."""


class ScriptError(UsageError):
    """A line of a script is no act of a person on the phone."""


class RequestError(UsageError):
    """A request that the Voice API could never take: nothing is sent."""


class NothingToReadError(IvrflowError):
    """What was asked for is not there: the given paths hold no flow, a record no such value."""


class ExpressionError(IvrflowError):
    """An expression or template can't be parsed or typed.

    `offset` counts characters from the start of the source text to the fault.
    """

    def __init__(self, message: str, *, offset: int = 0, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.help = help


class ProgramError(IvrflowError):
    """Bytes that are no stored program, or one that another release wrote."""


class EvaluationError(IvrflowError):
    """An expression failed on the values of one call."""


class CallbackError(IvrflowError):
    """Bytes that are no callback."""


class SignatureError(IvrflowError):
    """A request that the platform did not sign."""


class ExchangeError(IvrflowError):
    """Another server gave no answer over HTTP that can be read.

    `late`: the time was up. `broken`: the connection failed, so another try may succeed.
    `sent`: a byte of the request may have reached the server.
    """

    def __init__(
        self, message: str, *, late: bool = False, broken: bool = False, sent: bool = True
    ) -> None:
        super().__init__(message)
        self.late = late
        self.broken = broken
        self.sent = sent


class VoiceError(IvrflowError):
    """The Voice API did not do what it was asked.

    `status` is that of HTTP, 0 where there was no answer; `code` Sinch's, of five digits, 0 where
    it gave none; `reference` what its support asks for. `retry_after` is in seconds, None where the
    server names no time. `help` says what may be done about it, if that is known.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: int = 0,
        reference: str = "",
        retry_after: float | None = None,
        help: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.reference = reference
        self.retry_after = retry_after
        self.help = help

    def __str__(self) -> str:
        what = self.code or self.status
        told = f"{what}: {self.message}" if what else self.message
        return f"{told} (reference {self.reference})" if self.reference else told


class NotSentError(VoiceError):
    """Nothing was sent, so nothing happened: it may be asked again."""


class UnknownOutcomeError(VoiceError):
    """The request was sent, and no answer that can be read says what became of it.

    What it asked for may have happened, or may still.
    """


class VoiceApiError(VoiceError):
    """The Voice API refused."""


class BadRequestError(VoiceApiError):
    """A parameter is wrong or missing, or the call is not in a state for it."""


class AuthenticationError(VoiceApiError):
    """The API does not believe who asks, or takes no such authorisation for what is asked."""


class NotEnoughCreditError(VoiceApiError):
    """The account can't pay for it."""


class ForbiddenError(VoiceApiError):
    """The destination may not be called."""


class NotFoundError(VoiceApiError):
    """There is no such call, room or participant, or no longer."""


class TooManyRequestsError(VoiceApiError):
    """It is asked too often; `retry_after` may say when it may be asked again."""


class ServerError(VoiceApiError):
    """The API failed, or is down."""


class OrderError(IvrflowError):
    """A callout that can't be ordered: nobody has it, or its values make no call."""


class EngineError(IvrflowError):
    """A running engine did not do what a command asked of it, or is none."""


class EmulatorError(IvrflowError):
    """What nobody on an emulated call could do."""


class NoSuchCallError(EmulatorError):
    """There is no such call, or it is so long over that it is forgotten."""


class TooLargeError(IvrflowError):
    """A request with more bytes than are read."""


class RestError(IvrflowError):
    """What the emulated REST API refuses: a code of five digits, and its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class IllegalError(IvrflowError):
    """Bytes that the emulated platform can't execute; the message says why."""


class MissingError(IllegalError):
    """What must be there and isn't."""


class MissedError(IvrflowError):
    """An emulated call didn't go as it was expected to."""


class StoreError(IvrflowError):
    """The store could not do what it was asked."""


class ConflictError(StoreError):
    """Another process moved the call first."""


class StoreUnavailableError(StoreError):
    """The store is locked, full or unreachable."""
