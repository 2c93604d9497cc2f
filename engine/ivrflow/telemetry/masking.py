"""Numbers in text for eyes that need not see them whole."""

import re

from ivrflow.numbers import mask

_NUMBER = re.compile(r"(?<![\w-])\+?\d{7,15}(?![\w-])")


def mask_numbers(text: str) -> str:
    """Return `text` with every telephone number in it masked; call ids and dates stay."""
    return _NUMBER.sub(lambda match: mask(match.group()), text)
