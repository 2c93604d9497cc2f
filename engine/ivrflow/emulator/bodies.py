"""Bodies of requests, of which no more is read than they may have."""

from starlette.requests import Request

from ivrflow.errors import TooLargeError

MAX_BODY = 1 << 20
"""Bytes of a request."""


async def read_body(request: Request) -> bytes:
    """Raises `TooLargeError` as soon as there is too much of it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLargeError(f"the body has more than {MAX_BODY} bytes")
    return bytes(body)
