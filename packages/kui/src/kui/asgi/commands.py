"""The command `kui`: `kui run module:app` and `kui routes module:app`."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from .target import TargetError, layers, load

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command that the arguments name; those of the process without any.

    Raises:
        SystemExit: with 2 for what cannot be done, after a sentence about it on stderr.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["run"]:
        run(words[1:])
    else:
        options = _parser().parse_args(words)
        routes(options.app, is_factory=options.factory, app_dir=options.app_dir)


def run(words: Sequence[str]) -> None:
    """Serve an application; the options are those of uvicorn, and `--drain-timeout` and its like."""
    try:
        from .__main__ import command
    except ModuleNotFoundError as error:
        if error.name not in ("uvicorn", "click"):
            raise
        _fail("kui run needs uvicorn: pip install 'kui[run]'")
    command(words, prog_name="kui run")


def routes(target: str, *, is_factory: bool = False, app_dir: str = "") -> None:
    """Print the table of an application's routes; the options are those of `kui run`."""
    sys.path.insert(0, app_dir)
    try:
        app = load(target)
    except TargetError as error:
        _fail(str(error))
    found = layers(app() if is_factory else app)
    router = next((layer.router for layer in found if hasattr(layer, "router")), None)
    if router is None:
        _fail(f"{target!r} has no router, so its routes are not known")
    print(router)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kui", description="Serve an application, or look at it.")
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser("run", help="serve module:app with uvicorn, and drain its sockets at the end")
    table = commands.add_parser("routes", help="print the routes of module:app")
    table.add_argument("app", metavar="module:app", help="the application; :app may be left out")
    table.add_argument("--factory", action="store_true", help="module:app is a function that makes it")
    table.add_argument(
        "--app-dir", default="", metavar="DIR", help="where to look for the module; default: here"
    )
    return parser


def _fail(message: str) -> NoReturn:
    print(f"kui: {message}", file=sys.stderr)
    raise SystemExit(2)
