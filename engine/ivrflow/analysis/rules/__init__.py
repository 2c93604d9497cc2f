"""The rules, one family a module. `FLOW` judge a flow, `APPLICATION` what flows share."""

from ivrflow.analysis.registry import Rules
from ivrflow.analysis.subject import Application, Subject

FLOW: Rules[Subject] = Rules()
APPLICATION: Rules[Application] = Rules()
