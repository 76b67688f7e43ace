"""Close codes and reasons: which ones an application may send."""

from enum import IntEnum

__all__ = ["CloseCode", "describe", "fit_reason", "legal_code"]


class CloseCode(IntEnum):
    """The close codes of RFC 6455, section 7.4.1, and of IANA's registry that have a use here.

    ```python
    >>> from kui.websocket import CloseCode
    >>> CloseCode.MESSAGE_TOO_BIG == 1009
    True

    ```
    """

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS = 1005  # never sent: the other side gave no code
    ABNORMAL = 1006  # never sent: the connection was cut
    INVALID_PAYLOAD = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    UNAUTHORIZED = 3000
    FORBIDDEN = 3003
    TIMEOUT = 3008


_LEGAL = frozenset([*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)])
_MAX_REASON_BYTES = 123  # RFC 6455, section 5.5: a control frame carries 125 bytes, two of them the code


def legal_code(code: int) -> int:
    """Return the code if an application may send it.

    Raises:
        ValueError: RFC 6455 reserves it: 1004 to 1006, 1015 and all outside of 1000-1014 and 3000-4999.
    """
    # a caller may be untyped
    if not isinstance(code, int) or code not in _LEGAL:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(
            f"close code {code!r} may not be sent: use 1000-1003, 1007-1014 or, for codes of your own, 4000-4999"
        )
    return int(code)


def fit_reason(reason: str | None) -> str:
    """Return the reason cut to 123 bytes of UTF-8, never inside a character; "" for None.

    Raises:
        TypeError: the reason is no text.
    """
    if reason is None:
        return ""
    if not isinstance(reason, str):  # pyright: ignore[reportUnnecessaryIsInstance] - a caller may be untyped
        raise TypeError(f"a close reason is a str; got {type(reason).__name__}")
    data = reason.encode("utf-8", "replace")
    return data[:_MAX_REASON_BYTES].decode("utf-8", "ignore")


def describe(code: int) -> str:
    """Return the code with the name it has, for a message: `1001 (going away)`."""
    try:
        return f"{code} ({CloseCode(code).name.lower().replace('_', ' ')})"
    except ValueError:
        return str(code)
