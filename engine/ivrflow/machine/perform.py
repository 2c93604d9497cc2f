"""Steps of a program, performed: one function a kind of step."""

from collections.abc import Callable
from typing import Any

from ivrflow.errors import EvaluationError
from ivrflow.machine import recorded
from ivrflow.machine.effects import Log
from ivrflow.machine.program import (
    AnswerStep,
    LocaleStep,
    LogStep,
    PromptStep,
    RecordOperation,
    SendDtmfStep,
    SetStep,
    StartRecordingStep,
    StopRecordingStep,
)
from ivrflow.machine.replies import Answer, SendDtmf, StartRecording, StopRecording
from ivrflow.machine.walk import Walk
from ivrflow.model.locales import is_locale


def _set(walk: Walk, step: SetStep) -> None:
    walk.assign(step.name, step.value(walk.names))


def _prompt(walk: Walk, step: PromptStep) -> None:
    walk.instructions += walk.say(step.prompt)


def _locale(walk: Walk, step: LocaleStep) -> None:
    wanted = str(step.locale(walk.names))
    if not is_locale(wanted):
        raise EvaluationError(f'"{wanted}" is no locale')
    walk.locale = walk.names["locale"] = wanted


def _answer(walk: Walk, step: AnswerStep) -> None:
    walk.instructions.append(Answer())


def _start_recording(walk: Walk, step: StartRecordingStep) -> None:
    target = str(step.to(walk.names))
    if "://" not in target:
        raise EvaluationError(f'"{target}" is no place for a recording')
    recording = StartRecording(
        to=target,
        credentials=step.credentials,
        format=step.format,
        transcribe=walk.locale if step.transcribe == "" else step.transcribe or "",
    )
    walk.instructions.append(recording)


def _stop_recording(walk: Walk, step: StopRecordingStep) -> None:
    walk.instructions.append(StopRecording())


def _send_dtmf(walk: Walk, step: SendDtmfStep) -> None:
    walk.instructions.append(SendDtmf(tones=str(step.tones(walk.names))))


def _log(walk: Walk, step: LogStep) -> None:
    line = str(step.text(walk.names))
    walk.effects.append(Log(flow=walk.flow.name, state=walk.state, text=line))


def _use_record(walk: Walk, step: RecordOperation) -> None:
    value = recorded.perform(step, walk.names, walk.told.recorded)
    if step.into is not None:
        walk.assign(step.into, value)


PERFORM_BY_STEP: dict[type, Callable[[Walk, Any], None]] = {
    SetStep: _set,
    PromptStep: _prompt,
    LocaleStep: _locale,
    AnswerStep: _answer,
    StartRecordingStep: _start_recording,
    RecordOperation: _use_record,
    StopRecordingStep: _stop_recording,
    SendDtmfStep: _send_dtmf,
    LogStep: _log,
}
