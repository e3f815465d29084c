"""The Jinja environment of templates: only plain values, all of them charged to the budget.

``compile`` compiles and runs templates in it. ``syntax`` adds the charges for steps to every template before
it is compiled; operators, calls, filters and tests are charged here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError, TemplateNotFound, TemplateSyntaxError
from jinja2.filters import FILTERS as LIBRARY_FILTERS
from jinja2.lexer import Token, TokenStream
from jinja2.loaders import FunctionLoader
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS as LIBRARY_TESTS
from jinja2.utils import Namespace, missing, pass_context

from imbot.templates import filters
from imbot.templates.budget import ITEM_COST, SHOWN_COST, TooExpensiveError, check_bits, hold, spend, to_text
from imbot.templates.syntax import CONCAT_FILTER, HOLD_FILTER, STEP_FILTER, with_budget
from imbot.templates.variables import TURN_VARIABLES
from imbot.text.suggestions import did_you_mean

Files = tuple[tuple[str, str], ...]

_LONGEST_SOURCE = 50_000
_LONGEST_RANGE = 10_000
_TEXT_METHODS = (
    "capitalize count endswith find isalnum isalpha isdigit lower lstrip removeprefix removesuffix rfind "
    "rstrip split splitlines startswith strip title upper"
)
_METHODS: Mapping[type, frozenset[str]] = {
    str: frozenset(_TEXT_METHODS.split()),
    dict: frozenset({"get", "items", "keys", "values"}),
    list: frozenset({"count", "index"}),
}
_OPEN_TYPES = (LoopContext, Namespace, TemplateModule)  # types whose attributes are meant for templates


_MOST_NAMED = 20
_MOST_COMPARED = 300
_NOTHING_IN_IT = "it is empty; put values of your own into `card.vars`"
_PLAIN_VALUES = "templates can use plain values only: texts, numbers, lists and mappings"
_CALLED = {"str": "text", "int": "number", "float": "number", "bool": "boolean", "dict": "mapping"} | {
    "tuple": "list",
    "NoneType": "null",
}


def type_name(kind: str) -> str:
    """The name of a type in messages."""
    return _CALLED.get(kind, kind.lower())


class _Missing(StrictUndefined):
    """An undefined name or key. Its message has a hint on the second line, such as a similar name."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name, holder = self._undefined_name, self._undefined_obj
        if self._undefined_hint:
            return self._undefined_hint
        if holder is missing:
            return f"`{name}` is not defined\n{did_you_mean(str(name), TURN_VARIABLES)}"
        if isinstance(holder, dict):
            known = [str(key) for key in holder][:_MOST_COMPARED]
            otherwise = f"known keys: {', '.join(known[:_MOST_NAMED])}" if known else _NOTHING_IN_IT
            return f"there is no `{name}` here\n{did_you_mean(str(name), known, otherwise)}"
        if isinstance(name, int):
            return f"there is no item {name} here\ncheck the length first: {{% if ... | length > {name} %}}"
        return f"a {type_name(type(holder).__name__)} has no `{name}`"


def _read_ahead(stream: Iterable[Token]) -> Iterator[Token]:
    """The same tokens, all read before the first is yielded; a syntax error is raised after the last."""
    tokens: list[Token] = []
    failure = None
    try:
        tokens.extend(stream)
    except TemplateSyntaxError as error:
        failure = error
    yield from tokens
    if failure:
        raise failure


class Sandbox(ImmutableSandboxedEnvironment):
    """Compiles and runs templates that can only reach plain values and the given texts."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(
            undefined=_Missing,
            finalize=_finalize,
            loader=FunctionLoader(self._load),
            optimized=False,  # the optimizer computes constants while compiling, where nothing is charged
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self.files = files
        self.filters = FILTERS
        self.tests = TESTS
        self.globals = GLOBALS

    def read(self, source: str, name: str | None = None) -> nodes.Template:
        """The syntax tree as written, without charges."""
        if len(source) > _LONGEST_SOURCE:
            raise TooExpensiveError(f"the template is longer than {_LONGEST_SOURCE:,} characters")
        return super()._parse(source, name, None)

    def included(self, name: str) -> nodes.Template:
        """The syntax tree of a text that templates may include."""
        if name not in self.files:
            raise TemplateNotFound(name)
        return self.read(self.files[name], name)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return with_budget(super()._parse(source, name, filename))

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        # Otherwise the library's generators end where a parser that recurses too deeply gives up; Python 3.12
        # has no room there to end them, and says so on the terminal.
        return TokenStream(_read_ahead(super()._tokenize(source, name, filename, state)), name, filename)

    def _load(self, name: str) -> str | None:
        text = self.files.get(name)
        return text.removesuffix("\n") if text is not None else None

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The value of a mapping's key, also if a method has the same name, as with ``vars.items``."""
        if type(obj) is dict and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002  the library's signature
        """Whether templates may read an attribute: for plain values, only a few methods."""
        if attr.startswith("_"):
            return False
        fields = getattr(type(obj), "_fields", ())  # of the pairs that `groupby` makes
        return isinstance(obj, _OPEN_TYPES) or attr in fields or attr in _METHODS.get(type(obj), ())

    def unsafe_undefined(self, obj: Any, attribute: str) -> _Missing:
        """An undefined value in the place of a refused attribute, which raises as soon as it is used."""
        hint = f"use the filter: | {attribute}" if attribute in FILTERS else ""
        message = (
            f"`{attribute}` of a {type_name(type(obj).__name__)} is not available\n{hint or _PLAIN_VALUES}"
        )
        return _Missing(message, obj=obj, name=attribute, exc=SecurityError)

    def wrap_str_format(self, value: Any) -> None:
        """Nothing: `str.format` is refused like other methods that can make huge texts."""

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002  as above
        """Operators whose result can be far larger than their operands, charged before they run."""
        check = _OPERATORS.get(operator)
        if check is not None:
            check(left, right)
        return hold(self.binop_table[operator](left, right))

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805, PYI063  as above
        """A call in a template; its object and its result are charged."""
        hold(getattr(__obj, "__self__", None))  # the text whose method it is
        return hold(super().call(__context, __obj, *args, **kwargs))


@pass_context  # otherwise constants would be rendered while compiling, where nothing is charged
def _finalize(_: Context, value: Any) -> str:
    text = to_text(value)
    spend(SHOWN_COST * len(text))
    return text


def _range(*bounds: int) -> list[int]:
    numbers = range(*bounds)
    if len(numbers) > _LONGEST_RANGE:
        raise TooExpensiveError(f"a range of more than {_LONGEST_RANGE} numbers")
    return list(numbers)


def _multiply(left: Any, right: Any) -> None:
    if isinstance(left, int) and not isinstance(right, int):
        left, right = right, left
    if isinstance(left, int) and isinstance(right, int):
        check_bits(left.bit_length() + right.bit_length())
    elif isinstance(right, int):
        hold(left)
        spend(max(right, 0) * (len(left) if isinstance(left, str | list | tuple) else 0) * ITEM_COST)


def _power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        check_bits(left.bit_length() * abs(right))


def _modulo(left: Any, _: Any) -> None:
    if isinstance(left, str):
        filters.check_format(left)


GLOBALS: dict[str, Any] = {"range": _range, "dict": dict, "namespace": Namespace}
"""The names that every template may use besides its variables."""

_OPERATORS: Mapping[str, Callable[[Any, Any], None]] = {"*": _multiply, "**": _power, "%": _modulo}


def _concat(values: list[Any]) -> str:
    return str(hold("".join(map(to_text, values))))


def _judging(test: Any) -> Any:
    @wraps(test)
    def judging(*args: Any) -> Any:
        return test(*map(hold, args))

    return judging


_NO_TESTS = frozenset({"callable", "escaped", "filter", "test"})
TESTS: dict[str, Any] = {
    name: _judging(test) for name, test in LIBRARY_TESTS.items() if name not in _NO_TESTS
}
"""The tests a template may use."""

FILTERS = filters.filter_table(LIBRARY_FILTERS) | {
    STEP_FILTER: spend,
    HOLD_FILTER: hold,
    CONCAT_FILTER: _concat,
}
"""The filters a template may use; those that begin with ``_`` are for the charges in the syntax tree."""
