"""What may become of secrets: their types follow them, and what is kept of them is their length.

A secret may be compared, tested and measured; kept where a type says that it is secret; sent in the
body or a header of an https request. Whatever else reads one is refused before the call.
"""

from ivrflow.expr.filters import to_text
from ivrflow.expr.types import Type

REMEDY = (
    "a secret may be compared, tested (`matching`, `starting`), measured (`length`, `luhn`), kept "
    "in a secret variable or sent over https, nothing else"
)

MASK = "*"


def is_secret(type_: Type | None) -> bool:
    """Whether a value of this type is a secret, or has one in it."""
    if type_ is None:
        return False
    parts = (type_.of, *(type_.properties or {}).values())
    return type_.secret or any(is_secret(each) for each in parts)


def keeps(wanted: Type | None, given: Type | None) -> bool:
    """Whether all that is secret in a value of type `given` is secret as a `wanted`, too."""
    if wanted is None or given is None or wanted.secret or not is_secret(given):
        return True
    if given.secret:
        return False
    held = (wanted.properties or {}).get
    properties = (given.properties or {}).items()
    return all(not is_secret(each) or _keeps(held(name), each) for name, each in properties) and (
        not is_secret(given.of) or _keeps(wanted.of, given.of)
    )


def _keeps(wanted: Type | None, given: Type | None) -> bool:
    """As `keeps`, where nothing wanted says that nothing is secret."""
    return wanted is not None and keeps(wanted, given)


def mask(value: object, type_: Type | None) -> object:
    """Return `value` with its secrets replaced by as many asterisks as they have characters."""
    if not is_secret(type_) or value is None or type_ is None:
        return value
    if isinstance(value, dict):
        held = type_.properties or {}
        return {name: mask(each, _part(type_, held.get(name))) for name, each in value.items()}
    if isinstance(value, list):
        return [mask(each, _part(type_, type_.of)) for each in value]
    return masked(to_text(value))


def masked(text: str) -> str:
    """Return what is kept of a secret text."""
    return MASK * len(text)


def _part(whole: Type, part: Type | None) -> Type | None:
    """The type of a part: of a secret whole every part is one."""
    return whole if whole.secret else part
