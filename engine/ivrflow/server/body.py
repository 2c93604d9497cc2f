"""Requests and responses at the level of ASGI messages, for the hot path."""

from starlette.types import Receive, Send

JSON = (b"content-type", b"application/json")


class BodyTooLargeError(Exception):
    """More bytes than the server takes."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """Return the whole body; raises `BodyTooLargeError` after `limit` bytes."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body") and len(body) <= limit:
        message = await receive()
        body += message.get("body", b"")
    if len(body) > limit:
        raise BodyTooLargeError
    return body


async def respond(send: Send, status: int, body: bytes = b"") -> None:
    """Send a JSON response, or one without content."""
    length = (b"content-length", str(len(body)).encode())
    headers = [JSON, length] if body else [length]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
