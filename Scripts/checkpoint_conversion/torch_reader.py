"""Reads the state files of torch (`torch.save` of a state_dict) without executing anything, and without torch.

Such a file is a zip of a pickle, `NAME/data.pkl`, and of one file of numbers for each storage, `NAME/data/0` and so on.
"""
import math
import os
import struct
import zipfile

from . import Refusal
from .arrays import Array
from .pickle_reader import FILE_LIMIT, ORDERED, Global, Machine

TENSOR = ("torch._utils", "_rebuild_tensor_v2")
STORAGES = {
    ("torch", "FloatStorage"): "f4",
    ("torch", "DoubleStorage"): "f8",
    ("torch", "IntStorage"): "i4",
    ("torch", "LongStorage"): "i8",
}
# How many times the file's size the tensors together may have.
SHARING = 4


class Storage:
    """Numbers of one type in a row."""

    def __init__(self, kind, data):
        self.kind, self.data = kind, data


def read(path):
    """The tensors of a file by name. Raises Refusal."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if sum(entry.file_size for entry in entries.values()) > FILE_LIMIT:
                raise Refusal(f"it is larger than {FILE_LIMIT} bytes")
            # Torch compresses nothing: the size of the file bounds what is read.
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
                raise Refusal("it is compressed, which no file of torch is")
            pickles = [name for name in entries if name == "data.pkl" or name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise Refusal("it holds no data.pkl, so it is no state file of torch")
            folder = pickles[0][: -len("data.pkl")]
            order = archive.read(folder + "byteorder").strip() if folder + "byteorder" in entries else b"little"
            if order != b"little":
                raise Refusal("its numbers are big-endian")
            value = _Machine(memoryview(archive.read(pickles[0])), archive, folder).run()
        size = os.stat(path).st_size
    except OSError as error:
        raise Refusal((error.strerror or str(error)).lower()) from None
    # A RecursionError is a RuntimeError.
    except RecursionError:
        raise Refusal("its values are nested too deeply") from None
    # The names of a zip that are not UTF-8 are a ValueError.
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, ValueError, OverflowError, struct.error):
        raise Refusal("it is no zip, as the state files of torch from version 1.6 on are, or it is damaged") from None
    if not isinstance(value, dict) or not all(isinstance(tensor, Array) for tensor in value.values()):
        raise Refusal("it is not a table of tensors (a state_dict)")
    # Tensors may share numbers, as tied weights do.
    if sum(len(tensor.data) for tensor in value.values()) > SHARING * size:
        raise Refusal(f"its tensors have more than {SHARING} times the numbers that it holds")
    return value


class _Machine(Machine):
    def __init__(self, data, archive, folder):
        super().__init__(data)
        self.archive, self.folder = archive, folder
        self.storages = {}
        if len(data) < 2 or data[0] != 0x80:
            raise Refusal("its data.pkl is no pickle")

    def find(self, module, name):
        if (module, name) != TENSOR and (module, name) != ORDERED and (module, name) not in STORAGES:
            raise Refusal(f"it asks for {module}.{name}, which no state file needs; nothing of it was executed")
        self.push(Global(module, name))

    def persistent(self):
        reference = self.pop(tuple)
        try:
            word, kind, key, _, count = reference
            known = STORAGES[kind.key]
            if word != "storage" or not isinstance(key, str) or not key.isdigit():
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Refusal("it refers to something outside that is no storage") from None
        # Each is read once, however often it is named: the size of the file bounds the memory.
        if (known, key) not in self.storages:
            try:
                numbers = memoryview(self.archive.read(f"{self.folder}data/{key}"))
            except KeyError:
                raise Refusal(f"it lacks the numbers of storage {key}: it was cut off, or damaged") from None
            self.storages[known, key] = Storage(known, numbers)
        self.push(self.storages[known, key])

    def reduce(self):
        arguments, function = self.pop(tuple), self.pop(Global)
        if function.key == ORDERED and not arguments:
            self.push({})
        elif function.key == TENSOR:
            self.push(tensor(arguments))
        else:
            raise Refusal(f"it calls {'.'.join(function.key)} in a way that no state file does")

    def build(self):
        # The versions of modules, which a state_dict carries along.
        self.pop(dict)
        self.top(dict)

    def new_object(self):
        raise Refusal("it makes an object, which no state file does")


def tensor(arguments):
    """The array that `_rebuild_tensor_v2` would make."""
    try:
        storage, offset, shape, strides = arguments[:4]
        numbers = [offset, *shape, *strides]
        if not isinstance(storage, Storage) or not all(type(n) is int and 0 <= n < 2**40 for n in numbers):
            raise ValueError
    except (ValueError, TypeError):
        raise Refusal("it makes a tensor in a way that no state file does") from None
    expected, step = [], 1
    for size in reversed(shape):
        expected.append(step)
        step *= max(1, size)
    if any(size > 1 and stride != row for size, stride, row in zip(shape, strides, reversed(expected))):
        raise Refusal(f"it holds a tensor of shape {list(shape)} whose numbers do not lie in a row: save a contiguous one")
    size = int(storage.kind[1])
    start, count = offset * size, math.prod(shape) * size
    return Array.checked(tuple(shape), storage.kind, storage.data[start : start + count])
