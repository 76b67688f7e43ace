"""Which handler answers for which exception."""

from typing import Any

import pytest

from kui.core import ExceptionHandlers, HTTPException


def answer(error: object) -> str:
    return "answer"


def other(error: object) -> str:
    return "other"


def status_error(status: int) -> HTTPException[None]:
    return HTTPException(status)


class Refused(HTTPException[None]):
    def __init__(self) -> None:
        super().__init__(403)


def test_a_status_goes_before_a_class() -> None:
    handlers = ExceptionHandlers({HTTPException: other, 403: answer})
    assert handlers.find(status_error(403)) is answer
    assert handlers.find(Refused()) is answer
    assert handlers.find(status_error(404)) is other


def test_a_status_answers_for_http_exceptions_alone() -> None:
    class Odd(Exception):
        status_code = 404

    assert ExceptionHandlers({404: answer}).find(Odd()) is None


def test_the_nearest_class_answers() -> None:
    handlers = ExceptionHandlers({Exception: other, LookupError: answer})
    assert handlers.find(KeyError()) is answer
    assert handlers.find(OSError()) is other


def test_the_order_of_several_bases_is_that_of_python() -> None:
    class Both(LookupError, OSError): ...

    assert ExceptionHandlers({OSError: other, LookupError: answer}).find(Both()) is answer


def test_nobody_answers_for_what_nobody_registered() -> None:
    handlers = ExceptionHandlers({ValueError: answer, 404: answer})
    assert handlers.find(OSError()) is None
    assert handlers.find(status_error(403)) is None


@pytest.mark.parametrize("everything", [Exception, BaseException])
def test_an_http_exception_is_nearer_to_its_own_answer_than_to_a_handler_of_everything(
    everything: type[BaseException],
) -> None:
    handlers = ExceptionHandlers({everything: other})
    assert handlers.find(KeyError()) is other
    assert handlers.find(status_error(404)) is None
    assert handlers.find(Refused()) is None
    assert ExceptionHandlers({everything: other, HTTPException: answer}).find(Refused()) is answer


def test_another_base_of_an_http_exception_answers_where_it_is_nearer() -> None:
    class Lost(LookupError, Refused):
        def __init__(self) -> None:
            Refused.__init__(self)

    class RefusedFirst(Refused, LookupError): ...

    handlers = ExceptionHandlers({LookupError: answer})
    assert handlers.find(Lost()) is answer
    assert handlers.find(RefusedFirst()) is None


def test_an_exception_group_is_found_by_its_own_classes() -> None:
    group = ExceptionGroup("both", [ValueError()])
    assert ExceptionHandlers({ValueError: answer}).find(group) is None
    assert ExceptionHandlers({ExceptionGroup: answer}).find(group) is answer


def test_cancellation_is_not_an_exception_to_answer() -> None:
    assert ExceptionHandlers({Exception: answer}).find(KeyboardInterrupt()) is None


def test_a_handler_added_later_takes_the_place_of_the_earlier() -> None:
    handlers = ExceptionHandlers({404: other})
    assert handlers.add(404, answer) is answer
    assert handlers.find(status_error(404)) is answer


def test_handlers_are_a_mapping() -> None:
    handlers = ExceptionHandlers({404: answer, ValueError: other})
    assert handlers == {404: answer, ValueError: other}
    assert len(handlers) == 2
    assert 500 not in handlers


def test_the_given_mapping_stays_its_owners() -> None:
    given: dict[Any, Any] = {404: answer}
    ExceptionHandlers(given).add(500, other)
    assert given == {404: answer}


@pytest.mark.parametrize("status", [304, 599, 100])
def test_any_status_of_http_may_be_answered(status: int) -> None:
    assert ExceptionHandlers({status: answer}).find(status_error(status)) is answer


@pytest.mark.parametrize("status", [99, 600, 4404, -1])
def test_a_status_that_http_does_not_know_is_refused(status: int) -> None:
    with pytest.raises(ValueError, match=f"a status from 100 to 599; got {status}"):
        ExceptionHandlers().add(status, answer)


@pytest.mark.parametrize("key", [int, "404", None, True, ValueError(), object])
def test_a_key_that_is_neither_a_status_nor_an_exception_is_refused(key: Any) -> None:
    with pytest.raises(TypeError, match="answers for a status or a class of exception; got"):
        ExceptionHandlers({key: answer})


def test_a_handler_that_cannot_be_called_is_refused() -> None:
    handler: Any = "answer"
    with pytest.raises(TypeError, match="the handler of 404 is 'answer', which cannot be called"):
        ExceptionHandlers({404: handler})
