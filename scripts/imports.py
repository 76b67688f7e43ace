"""The imports of a module, read from its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Import:
    """One imported name: ``from MODULE import NAME``, or ``import MODULE`` with no name."""

    module: str
    name: str | None
    line: int
    at_import_time: bool
    """False inside a function and under ``if TYPE_CHECKING``."""
    guarded: bool
    """True where the module goes on without it: inside a function, under ``if TYPE_CHECKING`` or in a ``try``."""


def imports_of(source: str, module: str, *, is_package: bool) -> list[Import]:
    """Return every import of a module's source, with relative ones made absolute.

    Examples:
        >>> [found] = imports_of("from .errors import Broken", "kui.core.state", is_package=False)
        >>> found.module, found.name
        ('kui.core.errors', 'Broken')
    """
    package = module if is_package else module.rpartition(".")[0]
    return list(_walk(ast.parse(source), package, at_import_time=True, guarded=False))


def public_names(init: Path) -> list[str] | None:
    """Return the literal ``__all__`` of a file; None when it has none that can be read without running it."""
    for node in ast.parse(init.read_text("utf-8")).body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
            ):
                return _strings(value)
            case _:
                pass
    return None


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return one circle of a graph, its first node repeated at the end; an empty list when there is none.

    Examples:
        >>> cycle({"a": {"b"}, "b": {"a"}, "c": {"a"}})
        ['a', 'b', 'a']
    """
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for following in sorted(graph.get(node, set())):
            if found := visit(following, [*path, node]):
                return found
        done.add(node)
        return []

    for node in sorted(graph):
        if found := visit(node, []):
            return found
    return []


def _strings(value: ast.expr) -> list[str] | None:
    match value:
        case ast.List(elts=items) | ast.Tuple(elts=items):
            names = [
                item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)
            ]
            return names if len(names) == len(items) else None
        case _:
            return None


def _walk(node: ast.AST, package: str, *, at_import_time: bool, guarded: bool) -> Iterator[Import]:
    match node:
        case ast.Import(names=names):
            for alias in names:
                yield Import(alias.name, None, node.lineno, at_import_time, guarded)
        case ast.ImportFrom(names=names, module=module, level=level):
            base = package.split(".")[: len(package.split(".")) - level + 1] if level else []
            target = ".".join([*base, *([module] if module else [])])
            for alias in names:
                yield Import(target, alias.name, node.lineno, at_import_time, guarded)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            yield from _children(node, package, at_import_time=False, guarded=True)
        case ast.If(test=test, body=body, orelse=orelse) if "TYPE_CHECKING" in ast.unparse(test):
            for child in body:
                yield from _walk(child, package, at_import_time=False, guarded=True)
            for child in orelse:
                yield from _walk(child, package, at_import_time=at_import_time, guarded=guarded)
        case ast.Try():
            yield from _children(node, package, at_import_time=at_import_time, guarded=True)
        case _:
            yield from _children(node, package, at_import_time=at_import_time, guarded=guarded)


def _children(node: ast.AST, package: str, *, at_import_time: bool, guarded: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, package, at_import_time=at_import_time, guarded=guarded)
