"""Access to ministack's private functions, which stops the launcher when one of them is gone.

Nothing here guesses: a patch names what it replaces, and a ministack without that name is one that the patches were
not written for.
"""

import importlib
import importlib.metadata
from collections.abc import Callable
from types import ModuleType
from typing import Any

SUPPORTED_VERSION = "1.5.33"

Private = Callable[..., Any]
"""A function of ministack, or what takes its place. ministack declares no types for most of them."""


class UnsupportedMinistack(Exception):
    """This ministack lacks something that a patch relies on."""


def check_version() -> None:
    """Stop unless the installed ministack is the one the patches were written for."""
    installed = importlib.metadata.version("ministack")
    if installed != SUPPORTED_VERSION:
        raise UnsupportedMinistack(
            f"the patches are written for ministack {SUPPORTED_VERSION}, but {installed} is installed; "
            "install the pinned requirements (localstack/bootstrap does it)"
        )


def module(name: str) -> ModuleType:
    """The module of ministack with this name, such as ``services.sqs``."""
    try:
        return importlib.import_module(f"ministack.{name}")
    except ModuleNotFoundError as missing:
        raise UnsupportedMinistack(f"ministack {SUPPORTED_VERSION} has no module {name}: {missing}") from missing


def member(owner: Any, name: str) -> Any:
    """The attribute ``name`` of a module or class of ministack."""
    if not hasattr(owner, name):
        raise UnsupportedMinistack(f"{getattr(owner, '__name__', owner)} of ministack has no {name} any more")
    return getattr(owner, name)


def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Put ``make(original)`` in the place of the attribute ``name`` of a module or class of ministack."""
    setattr(owner, name, make(member(owner, name)))


def entry(table: dict[str, Any], key: str, described_as: str) -> Any:
    """The entry ``key`` of one of ministack's tables of handlers."""
    if key not in table:
        raise UnsupportedMinistack(f"ministack's {described_as} has no entry {key} any more")
    return table[key]
