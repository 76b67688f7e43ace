"""Every public name is listed in order, exists, belongs to one package, and says what it is."""

import importlib
import inspect
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import TypeGuard

import pytest

import imports
from workspace import Member, members

MEMBERS = list(members().values())
ASSEMBLY = "kui"
each_member = pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)


def package(member: Member) -> ModuleType:
    return importlib.import_module(f"kui.{member.package}")


def exported(member: Member) -> list[str]:
    return getattr(package(member), "__all__", [])


def is_ours(value: object) -> TypeGuard[type | FunctionType]:
    """Say whether a class or function was written here; data and other people's classes document themselves."""
    return isinstance(value, type | FunctionType) and value.__module__.startswith("kui.")


def order(name: str) -> tuple[int, str]:
    """Sort as ruff and isort do: constants, then classes, then functions and objects."""
    is_constant = name.isupper() and len(name) > 1
    return (0 if is_constant else 1 if name[0].isupper() else 2), name


def is_documented(value: type | FunctionType) -> bool:
    """Say whether somebody wrote the docstring; a dataclass without one gets its signature instead."""
    return bool(value.__doc__) and not str(value.__doc__).startswith(f"{value.__name__}(")


def undocumented(value: type) -> list[str]:
    """Return the public methods and properties of a class that no docstring describes, not even an inherited one."""
    return [
        name
        for name, attribute in vars(value).items()
        if not name.startswith("_")
        and isinstance(attribute, FunctionType | property | classmethod | staticmethod)
        and not inspect.getdoc(getattr(value, name))
    ]


@each_member
def test_all_is_a_sorted_list_of_literals(member: Member) -> None:
    names = imports.public_names(member.source / "__init__.py")
    assert names is not None, f"{member.source}/__init__.py needs a literal __all__"
    assert names == sorted(names, key=order)
    assert len(names) == len(set(names))


@each_member
def test_every_listed_name_exists(member: Member) -> None:
    assert [name for name in exported(member) if not hasattr(package(member), name)] == []


@each_member
def test_every_public_name_of_the_package_is_listed(member: Member) -> None:
    found = [
        name
        for name, value in vars(package(member)).items()
        if not name.startswith("_") and not isinstance(value, ModuleType) and name not in exported(member)
    ]
    assert found == []


@each_member
def test_every_module_says_what_it_is_for(member: Member) -> None:
    silent = [
        name
        for name in member.modules()
        if name not in member.started_by_others and not importlib.import_module(name).__doc__
    ]
    assert silent == []


@each_member
def test_every_public_class_and_function_is_documented(member: Member) -> None:
    values = {name: getattr(package(member), name) for name in exported(member)}
    assert [name for name, value in values.items() if is_ours(value) and not is_documented(value)] == []


@each_member
def test_every_public_method_and_property_is_documented(member: Member) -> None:
    values = [getattr(package(member), name) for name in exported(member)]
    classes = [value for value in values if is_ours(value) and isinstance(value, type)]
    assert [f"{value.__name__}.{name}" for value in classes for name in undocumented(value)] == []


def test_each_public_name_belongs_to_one_package() -> None:
    owners: dict[str, list[str]] = {}
    for member in MEMBERS:
        if member.name != ASSEMBLY:
            for name in exported(member):
                owners.setdefault(name, []).append(member.name)
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


def test_the_assembly_re_exports_the_very_objects() -> None:
    assembly = importlib.import_module("kui.asgi")
    differing = [
        f"{member.name}: {name}"
        for member in MEMBERS
        for name in exported(member)
        if name in vars(assembly) and getattr(assembly, name) is not getattr(package(member), name)
    ]
    assert differing == []


@dataclass
class Undescribed:
    number: int


def test_the_signature_of_a_dataclass_is_no_description() -> None:
    assert not is_documented(Undescribed)


class Described:
    """A class with one silent method."""

    def told(self) -> None:
        """Do something."""

    def silent(self) -> None: ...

    def _private(self) -> None: ...


class Inheriting(Described):
    """A class whose method keeps the description it inherits."""

    def told(self) -> None: ...


def test_a_silent_method_is_found() -> None:
    assert undocumented(Described) == ["silent"]


def test_an_inherited_description_is_enough() -> None:
    assert undocumented(Inheriting) == []
