"""The Jinja environment of templates: only plain values, all of them charged to the budget.

``compile`` compiles and runs templates in it. ``syntax`` adds the charges for steps to every template before
it is compiled; operators, calls, filters and tests are charged here.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
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
from imbot.templates.budget import SHOWN_COST, TooExpensiveError, check_bits, hold, spend, to_text
from imbot.templates.line_breaks import without_lines_of_tags
from imbot.templates.prices import CALL_COST, METHODS, OPERATORS, TEST_PRICES, charge
from imbot.templates.syntax import CONCAT_FILTER, HOLD_FILTER, STEP_FILTER, with_budget
from imbot.templates.variables import TURN_VARIABLES
from imbot.text.suggestions import did_you_mean

Files = tuple[tuple[str, str], ...]

_LONGEST_SOURCE = 50_000
_LONGEST_RANGE = 10_000
_OF_THE_LIBRARY = frozenset({"_loop_vars", "_block_vars"})  # arguments of every call in a loop or block
_OPEN_TYPES = (LoopContext, Namespace, TemplateModule)  # types whose attributes are meant for templates


_MOST_NAMED = 20
_MOST_COMPARED = 300
_LONGEST_NAME = 100
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
        if not isinstance(name, int):
            name = str(name)[:_LONGEST_NAME]
        if holder is missing:
            return f"`{name}` is not defined\n{did_you_mean(name, TURN_VARIABLES)}"
        if isinstance(holder, dict):
            known = [str(key)[:_LONGEST_NAME] for key in islice(holder, _MOST_COMPARED)]
            otherwise = f"known keys: {', '.join(known[:_MOST_NAMED])}" if known else _NOTHING_IN_IT
            return f"there is no `{name}` here\n{did_you_mean(name, known, otherwise)}"
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

    intercepted_binops = frozenset(OPERATORS)

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__(
            undefined=_Missing,
            finalize=_finalize,
            loader=FunctionLoader(self._load),
            optimized=False,  # the optimizer computes constants while compiling, where nothing is charged
            auto_reload=False,
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
        raw = without_lines_of_tags(self.lexer.tokeniter(source, name, filename, state))
        # Otherwise the library's generators end where a parser that recurses too deeply gives up; Python 3.12
        # has no room there to end them, and says so on the terminal.
        return TokenStream(_read_ahead(self.lexer.wrap(raw, name, filename)), name, filename)

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
        return isinstance(obj, _OPEN_TYPES) or attr in fields or attr in METHODS.get(type(obj), ())

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
        """An operator; its result is charged before it runs, as it can be far larger than the operands."""
        for value in (left, right):
            if isinstance(value, int):
                check_bits(value.bit_length())
        spend(OPERATORS[operator](left, right))
        result = self.binop_table[operator](left, right)
        return result if type(result) is str else hold(result)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805, PYI063  as above
        """A call in a template; its operands and its price are charged before it runs, its result afterwards."""
        operands = [hold(value) for value in args]
        named = {key: hold(value) for key, value in kwargs.items() if key not in _OF_THE_LIBRARY}
        holder, name = getattr(__obj, "__self__", None), getattr(__obj, "__name__", "")
        price = METHODS.get(type(holder), {}).get(name)
        if price:
            charge(name, price, hold(holder), *operands, **named)
        else:  # a macro, whose body is charged, or one of the globals
            spend(CALL_COST)
        return hold(super().call(__context, __obj, *operands, **(kwargs | named)))


@pass_context  # otherwise constants would be rendered while compiling, where nothing is charged
def _finalize(_: Context, value: Any) -> str:
    text = to_text(hold(value))
    spend(SHOWN_COST * len(text))
    return text


def _range(*bounds: int) -> list[int]:
    numbers = range(*bounds)
    if len(numbers) > _LONGEST_RANGE:
        raise TooExpensiveError(f"a range of more than {_LONGEST_RANGE} numbers")
    return list(numbers)


GLOBALS: dict[str, Any] = {"range": _range, "dict": dict, "namespace": Namespace}
"""The names that every template may use besides its variables."""


def _concat(values: list[Any]) -> str:
    texts = []
    for value in values:
        text = value if type(value) is str else to_text(hold(value))
        spend(len(text))
        texts.append(text)
    return "".join(texts)


_LIBRARY_TESTS: Mapping[str, Any] = LIBRARY_TESTS
TESTS: dict[str, Any] = {
    name: filters.priced(name, test, TEST_PRICES[name])
    for name, test in _LIBRARY_TESTS.items()
    if name in TEST_PRICES
}
"""The tests a template may use."""

FILTERS = filters.filter_table(LIBRARY_FILTERS) | {
    STEP_FILTER: spend,
    HOLD_FILTER: hold,
    CONCAT_FILTER: _concat,
}
"""The filters a template may use; those that begin with ``_`` are for the charges in the syntax tree."""
