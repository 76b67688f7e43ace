"""An endpoint is called with what it asks for, whatever kind of callable it is."""

import functools
import gc
import linecache
from typing import Annotated, Any, ClassVar

import pytest
from params_samples import Socket

from kui.params import Depends, Query, auto_params


async def test_a_failing_handler_shows_the_line_that_called_it(run: Any) -> None:
    import traceback

    async def endpoint(q: Annotated[str, Query()]) -> None:
        raise OSError("lost")

    with pytest.raises(OSError, match="lost") as caught:
        await run(endpoint, query="q=1")
    shown = "".join(traceback.format_exception(caught.value))
    assert "return await target(q=parts['q'])" in shown


async def test_a_function_bound_for_one_connection_leaves_nothing_behind(run: Any) -> None:
    def kept() -> int:
        return len([name for name in linecache.cache if name.startswith("<kui.params")])

    async def endpoint(q: Annotated[str, Query()]) -> str:
        return q

    gc.collect()
    before = kept()
    for _ in range(9):
        assert await run(endpoint, query="q=1") == "1"
        gc.collect()
    assert kept() <= before + 1  # the last one goes when the next is compiled


async def test_keyword_only_parameters_are_bound(run: Any) -> None:
    async def endpoint(*, page: Annotated[int, Query()]) -> Any:
        return page

    assert await run(endpoint, query="page=4") == 4


async def test_a_partial_binds_what_it_does_not_give(run: Any) -> None:
    async def endpoint(prefix: str, page: Annotated[int, Query()], size: Annotated[int, Query()]) -> Any:
        return prefix, page, size

    assert await run(functools.partial(endpoint, "p", size=3), query="page=4") == ("p", 4, 3)


class Greeter:
    def __init__(self, greeting: str) -> None:
        self.greeting = greeting

    async def greet(self, name: Annotated[str, Query()]) -> str:
        return f"{self.greeting} {name}"

    async def __call__(self, name: Annotated[str, Query()]) -> str:
        return f"{self.greeting}, {name}"


async def test_bound_methods_and_callable_instances_are_endpoints(run: Any) -> None:
    greeter = Greeter("hello")
    assert await run(greeter.greet, query="name=ada") == "hello ada"
    assert await run(greeter, query="name=ada") == "hello, ada"


async def test_arguments_that_are_given_count_before_the_connection(run: Any) -> None:
    async def endpoint(
        page: Annotated[int, Query()], size: Annotated[int, Query()], order: str = "id"
    ) -> Any:
        return page, size, order

    handler = auto_params(endpoint, run.protocol)

    async def calls() -> Any:
        return await handler("name", page=1)

    assert await run.serve(calls, query="size=9") == (1, 9, "name")


NAMES = (
    "connection",
    "frame",
    "named",
    "given_0",
    "target",
    "stack",
    "kept",
    "parts",
    "view",
    "self",
    "function",
)


@pytest.mark.parametrize("name", NAMES)
async def test_a_parameter_may_have_any_name_and_be_given(run: Any, name: str) -> None:
    space: dict[str, Any] = {"Annotated": Annotated, "Depends": Depends, "Query": Query}
    exec(
        f"def made({name}: Annotated[str, Query()] = 'd'): return {name}\n"
        f"async def endpoint({name}: Annotated[str, Query()] = 'd', made: Annotated[str, Depends(made, use_thread=True)] = ''):\n"
        f"    return {name}, made\n",
        space,
    )
    handler = auto_params(space["endpoint"], run.protocol)

    async def calls() -> Any:
        return await handler(**{name: "x"}), await handler()

    assert await run.serve(calls) == (("x", "d"), ("d", "d"))


@pytest.mark.parametrize("name", ["connection", "given", "view", "message", "arguments"])
async def test_a_parameter_of_a_method_may_have_any_name(run: Any, name: str) -> None:
    class View(Socket):
        messages: ClassVar[list[Any]] = ["m"]

        def __kui_begin__(self) -> None: ...

    space: dict[str, Any] = {"Annotated": Annotated, "Depends": Depends, "Query": Query}
    exec(
        f"async def on_connect(this, {name}: Annotated[str, Query()]): this.connected = {name}\n"
        f"async def on_receive(this, data, {name}: Annotated[str, Query()]): this.received = {name}\n",
        space,
    )
    View.on_connect, View.on_receive = space["on_connect"], space["on_receive"]  # type: ignore[method-assign]
    view = await run(View, query={name: "x"})
    assert (view.connected, view.received) == ("x", "x")
