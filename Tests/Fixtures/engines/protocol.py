"""The frames of Documentation/engines.md, without any package."""

import json
import os
import struct
import sys
from array import array


def read(file):
    """Header and arrays by name; None at the end."""
    start = file.read(4)
    if len(start) < 4:
        return None
    header = json.loads(file.read(struct.unpack("<I", start)[0]))
    arrays = {}
    for each in header.get("arrays", []):
        count = 1
        for length in each["shape"]:
            count *= length
        values = array({"f64": "d", "i32": "i"}[each["type"]])
        values.frombytes(file.read(count * values.itemsize))
        arrays[each["name"]] = values
    return header, arrays


def frame(header, columns=()):
    """The bytes of a frame with a number of f64 for each structure in each column."""
    header = dict(header, arrays=[{"name": name, "type": "f64", "shape": [len(v)]} for name, v in columns])
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + b"".join(struct.pack(f"<{len(v)}d", *v) for _, v in columns)


def structures(arrays):
    """(cell, numbers, positions) of each structure, each a flat array."""
    atom = 0
    for index, count in enumerate(arrays["counts"]):
        yield (
            arrays["cell"][9 * index:9 * index + 9], arrays["numbers"][atom:atom + count],
            arrays["positions"][3 * atom:3 * (atom + count)])
        atom += count


def pipes():
    """Where requests come from and answers go; prints go to standard error."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)
    return requests, answers


def hello(name, **more):
    return dict({
        "druse_engine": 1, "kind": "hello", "name": name, "version": "1", "digest": "",
        "energy_convention": "mp2020-corrected", "quantities": [{"name": "energy_per_atom", "unit": "eV/atom"}],
    }, **more)
