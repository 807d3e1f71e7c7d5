"""Reads and writes safetensors files of 32-bit floats."""
import json
import math

from . import Refusal
from .arrays import Array

HEADER_LIMIT = 100 << 20


def encoded(tensors, metadata):
    """The bytes of a file with tensors by name, all of type f4."""
    header, offset = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        end = offset + 4 * tensor.count
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(bytes(tensor.data) for tensor in tensors.values())


def read(path):
    """The tensors and the metadata of a file. Raises Refusal."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise Refusal((error.strerror or str(error)).lower()) from None
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(HEADER_LIMIT, len(data) - 8):
        raise Refusal("it is not a safetensors file, or was cut off")
    tensors, metadata = {}, {}
    try:
        header = json.loads(data[8 : 8 + size])
        metadata = header.pop("__metadata__", {})
        body = memoryview(data)[8 + size :]
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            shape = tuple(entry["shape"])
            if entry["dtype"] != "F32":
                raise Refusal(f"{name} is of type {entry['dtype']}, not F32")
            if not 0 <= begin <= end <= len(body) or end - begin != 4 * math.prod(shape):
                raise Refusal(f"{name} does not lie within the file: it was cut off, or damaged")
            tensors[name] = Array(shape, "f4", body[begin:end])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Refusal("its header is not that of a safetensors file") from None
    return tensors, metadata
