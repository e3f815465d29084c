"""Finds the function that a ``python`` agent calls: ``target: package.module:function``.

Importing a module and looking at it is user code, so it runs behind the fence.
"""

import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from imbot.agents.fence import fenced
from imbot.agents.settings import setting_error
from imbot.errors import AgentError
from imbot.spec import AgentSpec

Function = Callable[..., Any]
Shape = Literal["async generator", "coroutine", "generator", "plain"]


@dataclass(frozen=True, slots=True)
class Target:
    """A function with the names of its parameters."""

    function: Function
    parameters: frozenset[str]
    shape: Shape


def find_target(spec: AgentSpec) -> Target:
    """The function that ``target`` names.

    Raises ConfigError, with different messages for missing and broken modules.
    """
    module_name, _, name = str(spec.settings["target"]).partition(":")
    beside = str(Path(spec.path).absolute().parent.parent)
    if beside not in sys.path:
        sys.path.append(beside)
    importlib.invalidate_caches()
    try:
        module = fenced(_imported, module_name)
        found = module if isinstance(module, str) else fenced(_looked_up, module, name)
    except AgentError as error:
        message = f"the module {module_name} cannot be imported: {error}"
        hint = f"see: python -c 'import {module_name}'"
        raise setting_error(spec, "target", message, code="agent.target", hint=hint) from error
    if isinstance(module, str):
        message, hint = f"there is no module {module}", f"install it, or put it into {beside}"
    elif isinstance(found, Target):
        return found
    else:
        message = f"the module {module_name} has no function {name}"
        hint = f"did you mean {found}?" if found else "define it there"
    raise setting_error(spec, "target", message, code="agent.target", hint=hint)


def _imported(module_name: str) -> ModuleType | str:
    """The module, or the name of the missing module or package. User code, as the next ones."""
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if f"{module_name}.".startswith(f"{error.name}."):
            return f"{error.name}"
        raise


def _looked_up(module: ModuleType, name: str) -> Target | str:
    """The function of that name, or else the nearest name of another one, empty if there is none."""
    function = getattr(module, name, None)
    if callable(function):
        return Target(function, _parameters(function), _shape(function))
    from difflib import get_close_matches

    names = [each for each in vars(module) if callable(getattr(module, each, None))]
    return "".join(get_close_matches(name, names, 1))


def _shape(function: Function) -> Shape:
    if inspect.isasyncgenfunction(function):
        return "async generator"
    if inspect.iscoroutinefunction(function):
        return "coroutine"
    return "generator" if inspect.isgeneratorfunction(function) else "plain"


def _parameters(function: Function) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some built-in functions have no signature
        return frozenset()
