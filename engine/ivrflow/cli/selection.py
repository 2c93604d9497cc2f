"""`--select` and `--ignore`: findings by code (E301), the beginning of one (E3), or name."""

from collections.abc import Callable, Collection, Iterable

from ivrflow.diagnostics import KIND_BY_CODE, KIND_BY_NAME, Diagnostic, did_you_mean
from ivrflow.errors import UsageError

ALWAYS = "E0"
"""Syntax and schema: of a file that can't be read, that nothing else is found proves nothing."""


def selection(select: Collection[str], ignore: Collection[str]) -> Callable[[Diagnostic], bool]:
    """Return whether a finding is wanted. Raises `UsageError` for words that mean no finding."""
    if not (select or ignore):
        return lambda finding: True
    # It declares all kinds of findings, and takes long to import.
    import ivrflow.checking  # noqa: F401

    wanted = codes(select) or KIND_BY_CODE.keys()
    unwanted = codes(ignore)
    if unwanted and all(code.startswith(ALWAYS) for code in unwanted):
        raise UsageError("what E0xx tells can't be ignored: such a file can't be read as meant")

    def is_wanted(finding: Diagnostic) -> bool:
        code = finding.code
        return code.startswith(ALWAYS) or (code in wanted and code not in unwanted)

    return is_wanted


def codes(words: Iterable[str]) -> set[str]:
    """Return the codes that comma-separated `words` mean."""
    return {
        code for word in words for each in word.split(",") if each for code in _meant(each.strip())
    }


def _meant(word: str) -> list[str]:
    if word.lower() in KIND_BY_NAME:
        return [KIND_BY_NAME[word.lower()].code]
    found = [code for code in KIND_BY_CODE if code.startswith(word.upper())]
    if not found:
        remedy = did_you_mean(word, [*KIND_BY_NAME, *KIND_BY_CODE])
        raise UsageError(f'no finding is called "{word}"; {remedy}')
    return found
