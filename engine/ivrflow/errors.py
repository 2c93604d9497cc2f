"""Every failure that ivrflow raises, as one tree.

Findings about an author's text are values (`ivrflow.diagnostics`); failures are these exceptions.

    IvrflowError
    |-- UsageError              the command line or the configuration is wrong (exit 2)
    |   |-- SettingsError       a setting is missing, malformed or contradicts another
    |   `-- ScriptError         a line of a script is no act of a person on the phone
    |-- NothingToReadError      what was asked for is not there: no flow, no value (exit 3)
    |-- ExpressionError         an expression or template that can't be parsed or typed
    |-- ProgramError            a stored program that this release can't read
    |-- EvaluationError         an expression failed on the values of one call
    |-- CallbackError           bytes that are no callback
    |-- SignatureError          a request that the platform didn't sign
    |-- ExchangeError           another server gave no answer over HTTP
    |-- EmulatorError           what nobody on an emulated call could do
    |-- MissedError             a rehearsed call didn't go as its script says
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
    """

    def __init__(self, message: str, *, late: bool = False, broken: bool = False) -> None:
        super().__init__(message)
        self.late = late
        self.broken = broken


class EmulatorError(IvrflowError):
    """What nobody on an emulated call could do."""


class MissedError(IvrflowError):
    """A rehearsed call didn't go as its script says."""


class StoreError(IvrflowError):
    """The store could not do what it was asked."""


class ConflictError(StoreError):
    """Another process moved the call first."""


class StoreUnavailableError(StoreError):
    """The store is locked, full or unreachable."""
