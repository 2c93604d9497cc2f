"""Signatures: the vendor's vectors, and what must not pass."""

from datetime import UTC, datetime, timedelta

import pytest

from ivrflow.errors import SettingsError, SignatureError
from ivrflow.sinch.signing import Keyring, decode_secret, is_fresh, signature

V1 = (
    "BeIukql3pTKJ8RGL5zo0DA==",
    "POST",
    "/sinch/callback/ace",
    "application/json",
    "2014-09-24T10:59:41Z",
    '{"event":"ace","callid":"822aa4b7-05b4-4d83-87c7-1f835ee0b6f6_257",'
    '"timestamp":"2014-09-24T10:59:41Z","version":1}',
    "Tg6fMyo8mj9pYfWQ9ssbx3Tc1BNC87IEygAfLbJqZb4=",
)
V3 = (
    "bXkta2V5LXNlY3JldA==",
    "POST",
    "/path/pathParamValue",
    "application/json; charset=UTF-8",
    "2023-11-22T09:10:11.999Z",
    '{"identity":{"type":"number","endpoint":"+33444555666"},"method":"sms"}',
    "QP3OzQZVzRZAEev6DBLvJkgpiqyZPuXYsc7oyjUV0K8=",
)
V4 = (
    "bXkta2V5LXNlY3JldA==",
    "GET",
    "/path/pathParamValue",
    "application/json",
    "2023-11-22T09:10:11.999Z",
    "",
    "nsrLDvP6KVD/dAxb3IfAncdwjPFJVWSrseEFOcZge+A=",
)
V5 = (
    "app-secret",
    "POST",
    "/webhook",
    "application/json; charset=utf-8",
    "2024-01-19T09:19:28.9372196Z",
    '{"id":"018d2104-aaa-bbbb-1234","price":{"amount":0.0308},"rate":{"amount":0.0}}',
    "p7hUz20oz16Fhfogs4Z0X+VA/Nhuu505I1alXYqwlKw=",
)
V5_VERBATIM = (
    *V5[:4],
    "x-timestamp:2024-01-19T09:19:28.9372196Z",
    V5[5],
    "wC8XcoLQ22cxrOsUqqbWk+LHJ82wtqR/IgeIp9NG8LY=",
)
V8 = (
    "YXBwU2VjcmV0",
    "POST",
    "/webhooks/voice",
    "application/json; charset=utf-8",
    "2024-06-06T17:35:02.1234567Z",
    '{"event":"pie","callid":"c0ffee01","timestamp":"2024-06-06T17:35:01Z","menuResult":'
    '{"type":"return","value":"café","menuId":"main","inputMethod":"dtmf"},"version":1,'
    '"custom":"","applicationKey":"appKey"}',
    "uq2Kxal/D3ResiQZdNdgyLVvaUArQGE5mdLP6salxaA=",
)
Vector = tuple[str, str, str, str, str, str, str]


@pytest.mark.parametrize("vector", [V1, V3, V4, V5, V5_VERBATIM, V8])
def test_the_vendors_vectors_are_reproduced(vector: Vector) -> None:
    secret, verb, path, content_type, timestamp, body, expected = vector
    made = signature(
        decode_secret(secret),
        verb=verb,
        path=path,
        timestamp=timestamp,
        content_type=content_type,
        body=body.encode(),
    )
    assert made == expected


KEY = "669E367E-6BBA-48AB-AF15-266871C28135"
KEYRING = Keyring({KEY: V1[0], "other": "YXBwU2VjcmV0"})
GOOD: dict[str, str | bytes] = {
    "verb": "POST",
    "path": V1[2],
    "content_type": V1[3],
    "timestamp": V1[4],
    "body": V1[5].encode(),
    "authorization": f"application {KEY}:{V1[6]}",
}


def verify(**changed: str | bytes) -> str:
    return KEYRING.verify(**{**GOOD, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "authorization",
    [
        f"application {KEY}:{V1[6]}",
        f"Application {KEY}:{V1[6]}",
        f"APPLICATION {KEY.lower()}:{V1[6]}",
    ],
)
def test_neither_scheme_nor_key_depend_on_letter_case(authorization: str) -> None:
    assert verify(authorization=authorization) == KEY


@pytest.mark.parametrize(
    "changed",
    [
        {"body": V1[5].encode() + b" "},
        {"path": V1[2] + "/"},
        {"verb": "PUT"},
        {"timestamp": "2014-09-24T10:59:42Z"},
        {"timestamp": ""},
        {"content_type": "application/json; charset=utf-8"},
        {"content_type": ""},
        {"authorization": ""},
        {"authorization": "application"},
        {"authorization": f"application {KEY}"},
        {"authorization": f"application {KEY}:"},
        {"authorization": f"Basic {KEY}:{V1[6]}"},
        {"authorization": f"application nobody:{V1[6]}"},
        {"authorization": f"application other:{V1[6]}"},
        {"authorization": f"application {KEY}:{V1[6][:-4]}AAA="},
        {"authorization": f"application {KEY}:ü€"},
    ],
    ids=repr,
)
def test_what_sinch_did_not_sign_is_refused(changed: dict[str, str | bytes]) -> None:
    with pytest.raises(SignatureError):
        verify(**changed)


@pytest.mark.parametrize("secret", ["", "=", "!!!", "a"])
def test_a_secret_that_is_none_is_told_so(secret: str) -> None:
    with pytest.raises(SettingsError, match="base64"):
        decode_secret(secret)


NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timestamp", "fresh"),
    [
        ("2026-11-23T10:00:00Z", True),
        ("2026-11-23T09:55:01.1234567Z", True),
        ("2026-11-23T10:04:59", True),
        ("2026-11-23T11:04:59+01:00", True),
        ("2026-11-23T09:54:59Z", False),
        ("2026-11-23T10:05:01Z", False),
        ("yesterday", False),
        ("", False),
    ],
)
def test_only_what_was_signed_just_now_is_fresh(timestamp: str, fresh: bool) -> None:
    assert is_fresh(timestamp, NOW, timedelta(minutes=5)) is fresh
