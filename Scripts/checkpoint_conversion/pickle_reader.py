"""Reads pickles of checkpoints without executing anything.

A pickle is a program. This reader knows the instructions that such checkpoints consist of and nothing else: it looks up no
module, calls no function that a file names, and makes of the few names below values of its own. Time and memory are bounded
by the size of the file.
"""
import struct

from . import Refusal
from .arrays import Array

FILE_LIMIT = 2 << 30
INSTRUCTION_LIMIT = 1_000_000

# What makes an array: numpy's and, around it, JAX's.
EMPTY_ARRAY = {("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct")}
SCALAR = {("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar")}
FROM_BUFFER = {("numpy.core.numeric", "_frombuffer"), ("numpy._core.numeric", "_frombuffer")}
JAX_ARRAY = {("jax._src.array", "_reconstruct_array"), ("jax._src.device_array", "reconstruct_device_array")}
NDARRAY = ("numpy", "ndarray")
NUMBER_TYPE = ("numpy", "dtype")
ORDERED = ("collections", "OrderedDict")
# The tuples of optax, with the names of their parts.
STATES = {
    ("optax._src.base", "EmptyState"): (),
    ("optax._src.transform", "ScaleByAdamState"): ("count", "mu", "nu"),
    ("optax._src.transform", "ScaleByScheduleState"): ("count",),
}
GLOBALS = EMPTY_ARRAY | SCALAR | FROM_BUFFER | JAX_ARRAY | {NDARRAY, NUMBER_TYPE, ORDERED} | set(STATES)


class Global:
    """A name in a module, never looked up."""

    def __init__(self, module, name):
        self.key = (module, name)


class NumberType:
    """A type of numbers: numpy's code and the byte order, which comes later."""

    def __init__(self, kind):
        self.kind, self.order = kind, "<"


class PendingArray:
    """An array whose contents come later."""

    array = None


class State:
    """A named tuple of optax."""

    def __init__(self, name, parts):
        self.name, self.parts = name, parts


class _Mark:
    pass


def read(path):
    """The value in a file. Raises Refusal."""
    try:
        with open(path, "rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise Refusal((error.strerror or str(error)).lower()) from None
    if len(data) > FILE_LIMIT:
        raise Refusal(f"it is larger than {FILE_LIMIT} bytes")
    if not data:
        raise Refusal("it is empty")
    if len(data) < 2 or data[0] != 0x80 or not 2 <= data[1] <= 5:
        raise Refusal("it is not a pickle of protocol 2 to 5, as CrystalFormer's checkpoints are")
    try:
        return Machine(memoryview(data)).run()
    except RecursionError:
        raise Refusal("its values are nested too deeply") from None


def finished(value):
    """The array that a value has become; None if it is none."""
    if isinstance(value, PendingArray):
        value = value.array
    return value if isinstance(value, Array) else None


class Machine:
    def __init__(self, data):
        self.data, self.position = data, 0
        self.stack, self.memo, self.instructions = [], {}, 0

    def run(self):
        while True:
            self.instructions += 1
            if self.instructions > INSTRUCTION_LIMIT:
                raise Refusal(f"it has more than {INSTRUCTION_LIMIT} instructions")
            code = self.take(1)[0]
            if code == 0x2E:  # STOP
                value = self.pop()
                if self.stack or self.position != len(self.data):
                    raise Refusal("it has more in it than one value")
                return value
            action = _ACTIONS.get(code)
            if action is None:
                raise Refusal(f"it has the instruction 0x{code:02x} at byte {self.position - 1}, which no checkpoint has")
            action(self)

    # The bytes

    def take(self, count):
        end = self.position + count
        if end > len(self.data):
            raise Refusal("it ends too early: it was cut off, or damaged")
        piece = self.data[self.position : end]
        self.position = end
        return piece

    def number(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def text(self, count):
        try:
            return str(self.take(count), "utf-8")
        except UnicodeDecodeError:
            raise Refusal("it holds a text that is not UTF-8") from None

    def line(self):
        data = self.data
        for end in range(self.position, min(self.position + 256, len(data))):
            if data[end] == 0x0A:
                text = self.text(end - self.position)
                self.position += 1
                return text
        raise Refusal("it ends too early, or names something by more than 255 bytes")

    # The stack

    def push(self, value):
        self.stack.append(value)

    def pop(self, *kinds):
        if not self.stack or isinstance(self.stack[-1], _Mark):
            raise Refusal("it is damaged: a value is missing")
        value = self.stack.pop()
        if kinds and not isinstance(value, kinds):
            raise Refusal(f"it is damaged: a {type(value).__name__.lower()} stands where it has no place")
        return value

    def top(self, *kinds):
        value = self.pop(*kinds)
        self.stack.append(value)
        return value

    def pop_to_mark(self):
        for index in range(len(self.stack) - 1, -1, -1):
            if isinstance(self.stack[index], _Mark):
                values = self.stack[index + 1 :]
                del self.stack[index:]
                return values
        raise Refusal("it is damaged: a mark is missing")

    # The actions

    def pop_any(self):
        if not self.stack:
            raise Refusal("it is damaged: a value is missing")
        self.stack.pop()

    def tuple_of(self, count):
        values = [self.pop() for _ in range(count)]
        self.push(tuple(reversed(values)))

    def set_items(self, items):
        if len(items) % 2:
            raise Refusal("it is damaged: a key has no value")
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2]):
            if not isinstance(key, str):
                raise Refusal("it has a dictionary whose keys are not texts")
            target[key] = value

    def append(self, items):
        self.top(list).extend(items)

    def remember(self, index):
        self.memo[index] = self.top()

    def recall(self, index):
        if index not in self.memo:
            raise Refusal("it is damaged: it names a value that is not there")
        self.push(self.memo[index])

    def find(self, module, name):
        if (module, name) not in GLOBALS:
            raise Refusal(f"it asks for {module}.{name}, which no checkpoint needs; nothing of it was executed")
        self.push(Global(module, name))

    def stack_global(self):
        name, module = self.pop(str), self.pop(str)
        self.find(module[:200], name[:200])

    def reduce(self):
        arguments, function = self.pop(tuple), self.pop(Global)
        self.push(call(function.key, arguments))

    def new_object(self):
        arguments, kind = self.pop(tuple), self.pop(Global)
        names = STATES.get(kind.key)
        if names is None or len(names) != len(arguments):
            raise Refusal(f"it makes {'.'.join(kind.key)} of {len(arguments)} parts, which no checkpoint does")
        self.push(State(kind.key[1], dict(zip(names, arguments))))

    def build(self):
        state = self.pop()
        build(self.top(), state)

    def persistent(self):
        raise Refusal("it refers to something outside of the pickle, which no checkpoint of CrystalFormer does")


def call(key, arguments):
    """What a function of the list would make of its arguments."""
    try:
        if key in EMPTY_ARRAY:
            kind, _, _ = arguments
            if isinstance(kind, Global) and kind.key == NDARRAY:
                return PendingArray()
        elif key == NUMBER_TYPE:
            if isinstance(arguments[0], str):
                return NumberType(arguments[0])
        elif key in JAX_ARRAY:
            function, parts, state, _ = arguments
            if isinstance(function, Global) and function.key in EMPTY_ARRAY | FROM_BUFFER and isinstance(parts, tuple):
                array = call(function.key, parts)
                if isinstance(array, PendingArray):
                    build(array, state)
                return array
        elif key in FROM_BUFFER:
            data, kind, shape, order = arguments
            if isinstance(kind, NumberType) and isinstance(data, (bytes, memoryview)):
                return Array.checked(shape, kind.kind, data, kind.order, order == "F")
        elif key in SCALAR:
            kind, data = arguments
            if isinstance(kind, NumberType) and isinstance(data, (bytes, memoryview)):
                return Array.checked((), kind.kind, data, kind.order)
        elif key == NDARRAY:
            shape, kind, data = arguments
            if isinstance(kind, str) and isinstance(data, (bytes, memoryview)):
                return Array.checked(shape, kind.lstrip("<"), data)
        elif key == ORDERED:
            if not arguments:
                return {}
            (pairs,) = arguments
            if all(isinstance(pair, (list, tuple)) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs):
                return {pair[0]: pair[1] for pair in pairs}
    except (TypeError, ValueError, IndexError):
        pass
    raise Refusal(f"it calls {'.'.join(key)} in a way that no checkpoint does")


def build(target, state):
    """What setting the state of a value would do."""
    try:
        if isinstance(target, NumberType):
            target.order = state[1]
            return
        if isinstance(target, PendingArray):
            _, shape, kind, is_column_major, data = state
            if isinstance(kind, NumberType) and isinstance(data, (bytes, memoryview)):
                target.array = Array.checked(shape, kind.kind, data, kind.order, is_column_major is True)
                return
    except (TypeError, ValueError, IndexError):
        pass
    raise Refusal("it sets the state of a value in a way that no checkpoint does")


def _long(machine):
    size = machine.number("<B")
    if size > 8:
        raise Refusal(f"it holds a whole number of {size} bytes")
    machine.push(int.from_bytes(machine.take(size), "little", signed=True))


_ACTIONS = {
    0x80: lambda m: m.take(1),  # PROTO
    0x95: lambda m: m.take(8),  # FRAME
    0x28: lambda m: m.push(_Mark()),  # MARK
    0x30: lambda m: m.pop_any(),  # POP
    0x4E: lambda m: m.push(None),  # NONE
    0x88: lambda m: m.push(True),  # NEWTRUE
    0x89: lambda m: m.push(False),  # NEWFALSE
    0x4A: lambda m: m.push(m.number("<i")),  # BININT
    0x4B: lambda m: m.push(m.number("<B")),  # BININT1
    0x4D: lambda m: m.push(m.number("<H")),  # BININT2
    0x8A: _long,  # LONG1
    0x47: lambda m: m.push(m.number(">d")),  # BINFLOAT
    0x8C: lambda m: m.push(m.text(m.number("<B"))),  # SHORT_BINUNICODE
    0x58: lambda m: m.push(m.text(m.number("<I"))),  # BINUNICODE
    0x43: lambda m: m.push(m.take(m.number("<B"))),  # SHORT_BINBYTES
    0x42: lambda m: m.push(m.take(m.number("<I"))),  # BINBYTES
    0x8E: lambda m: m.push(m.take(m.number("<Q"))),  # BINBYTES8
    0x96: lambda m: m.push(m.take(m.number("<Q"))),  # BYTEARRAY8
    0x29: lambda m: m.push(()),  # EMPTY_TUPLE
    0x85: lambda m: m.tuple_of(1),  # TUPLE1
    0x86: lambda m: m.tuple_of(2),  # TUPLE2
    0x87: lambda m: m.tuple_of(3),  # TUPLE3
    0x74: lambda m: m.push(tuple(m.pop_to_mark())),  # TUPLE
    0x5D: lambda m: m.push([]),  # EMPTY_LIST
    0x61: lambda m: m.append([m.pop()]),  # APPEND
    0x65: lambda m: m.append(m.pop_to_mark()),  # APPENDS
    0x7D: lambda m: m.push({}),  # EMPTY_DICT
    0x73: lambda m: m.set_items(list(reversed([m.pop(), m.pop()]))),  # SETITEM
    0x75: lambda m: m.set_items(m.pop_to_mark()),  # SETITEMS
    0x71: lambda m: m.remember(m.number("<B")),  # BINPUT
    0x72: lambda m: m.remember(m.number("<I")),  # LONG_BINPUT
    0x94: lambda m: m.remember(len(m.memo)),  # MEMOIZE
    0x68: lambda m: m.recall(m.number("<B")),  # BINGET
    0x6A: lambda m: m.recall(m.number("<I")),  # LONG_BINGET
    0x63: lambda m: m.find(m.line(), m.line()),  # GLOBAL
    0x93: lambda m: m.stack_global(),  # STACK_GLOBAL
    0x52: lambda m: m.reduce(),  # REDUCE
    0x81: lambda m: m.new_object(),  # NEWOBJ
    0x62: lambda m: m.build(),  # BUILD
    0x51: lambda m: m.persistent(),  # BINPERSID
}
