"""Slips in signatures, and what is said about them at registration."""

from typing import Annotated, Any

import pytest

from kui.params import Depends, Query, SignatureError, auto_params


async def bare_depends(user: Annotated[str, Depends]) -> None: ...


async def bare_query(page: Annotated[int, Query]) -> None: ...


class Session:
    """No place: it has no method `read`."""


async def no_place(user: Annotated[str, Session()]) -> None: ...


async def starred(*page: Annotated[int, Query()]) -> None: ...


async def doubly_starred(**page: Annotated[int, Query()]) -> None: ...


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        (bare_depends, "parameter 'user' is marked with Depends; write Depends(function)"),
        (bare_query, "parameter 'page' is marked with Query; write Query()"),
        (
            no_place,
            "parameter 'user' has neither a source nor a default; write user: Annotated[str, Query()], or Path(), Header(), "
            "Cookie(), Body(), Depends(function) in the place of Query(), or give it a default",
        ),
        (
            starred,
            "parameter '*page' stands for any number of arguments, and has a source, which gives one; write page without "
            "the star, as a list of several values",
        ),
        (
            doubly_starred,
            "parameter '**page' stands for any number of arguments, and has a source, which gives one; write page without "
            "the star, as a list of several values",
        ),
    ],
)
def test_a_slip_is_refused_with_what_to_write(endpoint: Any, message: str) -> None:
    with pytest.raises(SignatureError) as error:
        auto_params(endpoint)
    assert str(error.value) == f"{__name__}.{endpoint.__name__}: {message}"


async def star_without_a_source(*args: Any, page: Annotated[int, Query()], **kwargs: Any) -> None: ...


def test_stars_without_a_source_are_left_alone() -> None:
    auto_params(star_without_a_source)
