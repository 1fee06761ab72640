"""Python objects as Arrow arrays: each value as it is, or a refusal that names the column and the types.

Arrow's own inference takes the type of some values and fits the others to it: a datetime among dates loses its time,
a zone or nanoseconds go. What would be changed that way is refused here first.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any, NoReturn

from rhizo.errors import SchemaError

_FAMILY_OF_CLASS = {
    "builtins.bool": "bool",
    "builtins.int": "int",
    "builtins.float": "float",
    "builtins.str": "str",
    "builtins.bytes": "bytes",
    "builtins.bytearray": "bytes",
    "builtins.memoryview": "bytes",
    "builtins.list": "list",
    "builtins.tuple": "list",
    "builtins.dict": "dict",
    "builtins.set": "set",
    "builtins.frozenset": "set",
    "datetime.date": "date",
    "datetime.datetime": "datetime",
    "datetime.time": "time",
    "datetime.timedelta": "timedelta",
    "numpy.bool": "bool",
    "numpy.bool_": "bool",
    "numpy.integer": "int",
    "numpy.longdouble": "longdouble",
    "numpy.floating": "float",
    "numpy.ndarray": "list",
    "numpy.datetime64": "datetime64",
    "numpy.timedelta64": "timedelta64",
}
_FAMILY_OF_NUMPY_KIND = {"b": "bool", "i": "int", "u": "int", "f": "float", "U": "str", "S": "bytes"}
_EXACT_TOGETHER = ({"int", "float"}, {"int", "Decimal"})  # pyarrow refuses the whole numbers that do not fit
_NOTHING_TO_LOOK_INTO = {"bool", "int", "float", "str", "bytes", "date"}
_MISSING = {"NoneType", "NAType", "NaTType"}


def to_array(pa: Any, column: str, values: list[Any], *, nan_is_missing: bool, one_kind: bool) -> Any:
    """The values as a ``pyarrow.Array``.

    Args:
        column: its name, for messages.
        nan_is_missing: whether a NaN stands for no value, as in pandas' object columns.
        one_kind: refuse also whole numbers beside fractions or decimals.
    """
    kinds = set(map(type, values))
    missing = {kind for kind in kinds if kind.__name__ in _MISSING}
    if nan_is_missing and any(_family(kind) == "float" for kind in kinds):
        values = [None if value is None or value != value else value for value in _cleared(values, missing)]
        kinds = set(map(type, values))
    elif missing - {type(None)}:
        values = _cleared(values, missing)
    families = _Check(column).families(values, kinds - missing - {type(None)}, one_kind=one_kind)
    return _convert(pa, column, values, families)


def _cleared(values: list[Any], missing: set[type]) -> list[Any]:
    return [None if type(value) in missing else value for value in values]


def whole_numbers(pa: Any, column: str, values: Iterable[Any]) -> Any:
    """Whole numbers beyond 64 bits, as 128 bits."""
    numbers = [None if value is None else int(value) for value in values]
    if any(number is not None and abs(number) >= 10**38 for number in numbers):
        raise _refusal(column, "has whole numbers of more than 38 digits")
    stored = [None if number is None else number.to_bytes(16, "little", signed=True) for number in numbers]
    kind = pa.opaque(pa.binary(16), type_name="hugeint", vendor_name="DuckDB")
    return pa.ExtensionArray.from_storage(kind, pa.array(stored, pa.binary(16)))


def _convert(pa: Any, column: str, values: list[Any], families: set[str]) -> Any:
    try:
        if "datetime" in families and any(getattr(value, "nanosecond", 0) for value in values):
            return _nanoseconds(pa, values)
        return pa.array(values)
    except OverflowError as error:
        if families == {"int"}:
            return whole_numbers(pa, column, values)
        raise _refusal(column, f"cannot be stored: {error}") from error
    except UnicodeError as error:
        raise _refusal(column, "has text that is no Unicode: half of a surrogate pair") from error
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise _refusal(column, f"cannot be stored: {error}") from error


def _nanoseconds(pa: Any, values: list[Any]) -> Any:
    import pandas

    return pa.array(pandas.Series(values, dtype="datetime64[ns]"), from_pandas=True)


def _family(kind: type) -> str:
    for base in kind.__mro__:
        family = _FAMILY_OF_CLASS.get(f"{base.__module__}.{base.__name__}")
        if family is not None:
            return family
    return kind.__name__


def _refusal(column: str, what: str, **fields: str) -> SchemaError:
    return SchemaError(f"column {column!r} {what}", fields={"column": column, **fields})


class _Check:
    """Looks at the values of one column, at all depths, as far as their types make it necessary."""

    def __init__(self, column: str) -> None:
        self._column = column

    def families(self, values: Iterable[Any], kinds: set[type], *, one_kind: bool = False, inside: str = "") -> set[str]:
        """The families of the values' types, which are one or fit each other."""
        families = {_family(kind) for kind in kinds}
        self._refuse_mixed(families, kinds, one_kind, inside)
        if families <= _NOTHING_TO_LOOK_INTO:
            return families
        present = [value for value in values if type(value).__name__ not in _MISSING]
        for family in families:
            look = getattr(self, f"_{family}", None)
            if look is not None:
                look(present, inside)
        return families

    def _refuse_mixed(self, families: set[str], kinds: set[type], one_kind: bool, inside: str) -> None:
        together = not one_kind and any(families <= exact for exact in _EXACT_TOGETHER)
        if len(families) > 1 and not together:
            names = ", ".join(sorted({kind.__name__ for kind in kinds}))
            raise _refusal(self._column, f"mixes {names}{inside}; convert it to one type first", types=names)

    def _refuse(self, what: str) -> NoReturn:
        raise _refusal(self._column, what)

    def _set(self, values: list[Any], inside: str) -> None:
        self._refuse(f"has sets{inside}, whose order means nothing; make lists of them, such as sorted(values)")

    def _time(self, values: list[Any], inside: str) -> None:
        if any(value.tzinfo is not None for value in values):
            self._refuse(f"has times of day with a zone{inside}; store datetimes, or times without one")

    def _datetime(self, values: list[Any], inside: str) -> None:
        zones = sorted({"" if value.tzinfo is None else str(value.tzinfo) for value in values})
        if len(zones) > 1 and not zones[0]:
            self._refuse(f"mixes datetimes with a zone and without one{inside}; convert it to one type first")
        if len(zones) > 1:
            self._refuse(f"mixes datetimes of the zones {', '.join(zones)}{inside}; convert it to one zone first")
        if (zones != [""] or inside) and any(getattr(value, "nanosecond", 0) for value in values):
            self._refuse(f"has nanoseconds{inside or ' in a time with a zone'}; round them to microseconds")

    def _timedelta(self, values: list[Any], inside: str) -> None:
        if any(getattr(value, "nanoseconds", 0) for value in values):
            self._refuse(f"has intervals of nanoseconds{inside}; round them to microseconds")

    def _list(self, values: list[Any], inside: str) -> None:
        arrays = [value for value in values if hasattr(value, "dtype")]
        typed = {value.dtype for value in arrays if value.dtype != object}
        parts = [value for value in values if not hasattr(value, "dtype") or value.dtype == object]
        elements = list(chain.from_iterable(parts))
        found = self._within(elements, " inside lists")
        families = {_FAMILY_OF_NUMPY_KIND.get(dtype.kind, str(dtype)) for dtype in typed} | found
        if len(families) > 1 and not any(families <= exact for exact in _EXACT_TOGETHER):
            self._refuse(f"mixes {', '.join(sorted(families))} inside lists; convert it to one type first")

    def _dict(self, values: list[Any], inside: str) -> None:
        fields = list(dict.fromkeys(chain.from_iterable(values)))
        for field in fields:
            if not isinstance(field, str):
                self._refuse(f"has dicts with a key that is no str: {field!r}")
            self._within([value[field] for value in values if field in value], f" inside {field!r}")

    def _within(self, elements: list[Any], inside: str) -> set[str]:
        kinds = {kind for kind in set(map(type, elements)) if kind.__name__ not in _MISSING}
        families = self.families(elements, kinds, inside=inside)
        if "int" in families and not all(_fits_64_bits(value) for value in elements if type(value) is int):
            self._refuse(f"has whole numbers beyond 64 bits{inside}")
        return families


def _fits_64_bits(number: int) -> bool:
    return -(2**63) <= number < 2**63
