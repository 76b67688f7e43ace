"""How much of a request's body is read."""

from dataclasses import dataclass

__all__ = ["RequestLimits"]


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """What a request may hold at most; more is answered with status 413.

    `request.stream()` counts as the others do: a body that is never kept whole has its limit too.

    Args:
        max_body_size: bytes of the whole body; None for no limit.
        max_form_parts: fields and files of one form.
        max_part_size: bytes of one field of a multipart form, which is kept in memory. A file goes to disk beyond
            1 MiB and is limited by `max_body_size` alone.

    Raises:
        ValueError, TypeError: a limit below 1, or no number.

    ```python
    >>> from kui.http import RequestLimits
    >>> RequestLimits(max_body_size=10 * 1024 * 1024).max_form_parts
    1000

    ```
    """

    max_body_size: int | None = 100 * 1024 * 1024
    max_form_parts: int = 1000
    max_part_size: int = 1024 * 1024

    def __post_init__(self) -> None:
        for name in ("max_body_size", "max_form_parts", "max_part_size"):
            value = getattr(self, name)
            if value is None and name == "max_body_size":
                continue
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{name} is the number of bytes or parts allowed; got {value!r}")
            if value < 1:
                raise ValueError(f"{name} is the number of bytes or parts allowed, 1 or more; got {value}")
