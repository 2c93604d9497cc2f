"""Secrets that one flow gives another."""

from pathlib import Path

import pytest
from secret_flows import BANK, VAULT

from ivrflow.checking import check
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM


def findings(directory: Path, outer: str, inner: str = VAULT) -> list[Diagnostic]:
    (directory / "bank.flow.yaml").write_text(outer.lstrip())
    (directory / "vault.flow.yaml").write_text(inner.lstrip())
    return list(check([directory], PLATFORM)[0].diagnostics)


SECRET = "{type: digits, secret: true}"
PARAMETER, RETURNED = f"params: {{code: {SECRET}}}", f"kept: {{code: {SECRET}}}"


def test_a_secret_is_given_to_a_secret_parameter_and_comes_back_as_one(tmp_path: Path) -> None:
    assert findings(tmp_path, BANK) == []


@pytest.mark.parametrize(
    ("declared", "code"),
    [(PARAMETER, "E805"), (RETURNED, "E805")],
)
def test_the_other_flow_must_declare_it(tmp_path: Path, declared: str, code: str) -> None:
    inner = VAULT.replace(declared, declared.replace(SECRET, "digits"))
    (found,) = findings(tmp_path, BANK, inner)
    assert (found.code, found.message) == (
        code,
        '"code" is given a secret, but is not declared secret',
    )


def test_what_comes_back_as_a_secret_is_not_spoken(tmp_path: Path) -> None:
    outer = BANK.replace("'Thank you.' if", "kept.code if")
    assert [found.code for found in findings(tmp_path, outer)] == ["E803"]


def test_it_comes_back_into_what_is_declared_secret(tmp_path: Path) -> None:
    declared = "vars: {kept: {type: object}, pin:"
    (found,) = findings(tmp_path, BANK.replace("vars: {pin:", declared))
    assert found.code == "E805"
    assert "what is secret in it" in found.help
    properties = f"vars: {{kept: {{type: object, properties: {{code: {SECRET}}}}}, pin:"
    assert findings(tmp_path, BANK.replace("vars: {pin:", properties)) == []


def test_what_is_secret_in_one_outcome_is_one_in_all(tmp_path: Path) -> None:
    inner = VAULT.replace(
        "  done: {return", "  no: {return: {name: no, values: {code: '1'}}}\n  done: {return"
    )
    inner = inner.replace(RETURNED, f"{RETURNED}, no: {{code: digits}}")
    inner = inner.replace("no_input: done", "no_input: no")
    outer = BANK.replace("on: {kept: done}", "on: {kept: done, no: tell}")
    outer += '  tell: {say: "{{ kept.code }}", hangup: }\n'
    assert [found.code for found in findings(tmp_path, outer, inner)] == ["E803"]
