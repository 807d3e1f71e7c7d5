"""Writes pickles of dictionaries, arrays and optax's states without importing what they name."""
import struct

from .arrays import Array
from .pickle_reader import STATES, State

MODULES = {name: module for module, name in STATES}


def encoded(value):
    """The pickle of a value, protocol 4: arrays load as numpy's, with a public call of every version of numpy."""
    return b"\x80\x04" + b"".join(_parts(value)) + b"."


def _parts(value):
    if value is None:
        yield b"N"
    elif isinstance(value, dict):
        yield b"}("
        for key, item in value.items():
            yield _text(key)
            yield from _parts(item)
        yield b"u"
    elif isinstance(value, tuple):
        yield b"("
        for item in value:
            yield from _parts(item)
        yield b"t"
    elif isinstance(value, Array):
        data = bytes(value.data)
        yield _text("numpy") + _text("ndarray") + b"\x93("
        yield b"(" + b"".join(b"J" + struct.pack("<i", n) for n in value.shape) + b"t"
        yield _text("<" + value.kind) + b"\x8e" + struct.pack("<Q", len(data)) + data + b"tR"
    elif isinstance(value, State):
        yield _text(MODULES[value.name]) + _text(value.name) + b"\x93"
        yield from _parts(tuple(value.parts.values()))
        yield b"\x81"
    else:
        raise TypeError(f"cannot write a {type(value).__name__}")


def _text(text):
    data = text.encode()
    return b"X" + struct.pack("<I", len(data)) + data
