"""Arrays of numbers as files hold them: a shape, a type and bytes."""
import array
import math
import sys

from . import Refusal

# Types by numpy's code without byte order: their size and the code of `array`, where it has one.
TYPES = {"f4": (4, "f"), "f8": (8, "d"), "i4": (4, "i"), "i8": (8, "q")}


class Array:
    """A row-major array; `data` is little-endian."""

    def __init__(self, shape, kind, data):
        self.shape, self.kind, self.data = tuple(shape), kind, data

    @property
    def count(self):
        return math.prod(self.shape)

    @classmethod
    def checked(cls, shape, kind, data, order="<", is_column_major=False):
        """The array of untrusted parts.

        Raises Refusal for types that no checkpoint has and for bytes that are not those of the shape.
        """
        if kind not in TYPES:
            raise Refusal(f"it holds numbers of type {kind!r}; known are {', '.join(TYPES)}")
        if not isinstance(shape, tuple) or len(shape) > 8 or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
            raise Refusal("it holds an array without a possible shape")
        if order not in ("<", ">", "|", "="):
            raise Refusal(f"it holds numbers of the unknown byte order {order!r}")
        size, code = TYPES[kind]
        if len(data) != math.prod(shape) * size:
            raise Refusal(f"it holds an array of shape {list(shape)} with {len(data)} bytes, which is damaged")
        if order == ">" or is_column_major:
            numbers = array.array(code, bytes(data))
            if (order == ">") != (sys.byteorder == "big"):
                numbers.byteswap()
            if is_column_major and len(shape) > 1:
                if len(shape) > 2:
                    raise Refusal(f"it holds a column-major array of shape {list(shape)}; only matrices are known")
                rows = shape[0]
                numbers = array.array(code, b"".join(numbers[row::rows].tobytes() for row in range(rows)))
            if sys.byteorder == "big":
                numbers.byteswap()
            data = numbers.tobytes()
        return cls(shape, kind, data)

    def numbers(self):
        """All numbers, in order."""
        values = array.array(TYPES[self.kind][1], bytes(self.data))
        if sys.byteorder == "big":
            values.byteswap()
        return values

    def floats(self, name):
        """The array as finite 32-bit floats: those of 64 bits are rounded.

        Raises Refusal, with the name, for whole numbers and for what is not finite.
        """
        if self.kind not in ("f4", "f8"):
            raise Refusal(f"{name} holds numbers of type {self.kind}, not f4 or f8")
        values = self.numbers()
        if self.kind == "f8":
            values = array.array("f", values)
        if not all(map(math.isfinite, values)):
            raise Refusal(f"{name} holds numbers that are not finite")
        if sys.byteorder == "big":
            values.byteswap()
        return Array(self.shape, "f4", values.tobytes())
