"""Reward engines for Druse in Python; the protocol is in Documentation/engines.md.

An engine is a function that takes a list of Structure and the names that are wanted, and returns a dictionary of
sequences with one value for each structure: a number, for forces an array [atoms, 3], for stress one [3, 3].

    from druse_engine import serve

    def measure(structures, wanted):
        return {"energy": [-3.5 * len(s.numbers) for s in structures]}

    serve(measure, name="flat", version="1", energy_convention="own-hull-only", quantities={"energy": "eV"})

Failed takes the place of a number where a structure cannot be evaluated; OutOfMemory, raised, makes Druse ask again for
half as many at a time.
"""

import functools
import json
import os
import struct
import sys
import traceback

import numpy as np

PROTOCOL = 1
TYPES = {"f64": np.dtype("<f8"), "i32": np.dtype("<i4")}


class Structure:
    """A crystal: cell [3, 3] (rows a, b, c) and positions [atoms, 3] (Cartesian) in angstrom, numbers [atoms]."""

    def __init__(self, cell, numbers, positions):
        self.cell, self.numbers, self.positions = cell, numbers, positions


class Failed(Exception):
    """Why a structure has no numbers: raised, or put in the place of its energy."""


class OutOfMemory(Exception):
    """The batch does not fit into memory; half of it may."""


def serve(measure, *, name, version, energy_convention, quantities, digest="", setup=lambda device: None):
    """Answers to Druse until it is gone.

    measure is called with a list of Structure and the list of the names wanted. quantities are names and units of what
    it gives: energy (eV) or energy_per_atom (eV/atom) must be among them. energy_convention is mp2020-corrected, raw-pbe
    or own-hull-only. setup is called first, with what --device says ("" for any).
    """
    requests, answers = claim_pipes()
    while True:
        request = _read(requests)
        if request is None:
            return
        header, arrays = request
        if header["kind"] == "hello":
            setup(header["device"])
            _write(answers, {
                "druse_engine": PROTOCOL, "kind": "hello", "name": name, "version": version, "digest": digest,
                "energy_convention": energy_convention,
                "quantities": [{"name": key, "unit": unit} for key, unit in quantities.items()],
            })
        else:
            _write(answers, *_answer(measure, header, arrays))


def _answer(measure, header, arrays):
    """The header and the arrays of the answer to a request."""
    ends = np.cumsum(arrays["counts"])
    structures = [
        Structure(arrays["cell"][i], arrays["numbers"][end - count:end], arrays["positions"][end - count:end])
        for i, (count, end) in enumerate(zip(arrays["counts"], ends))
    ]
    answer = {"kind": "results", "batch": header["batch"]}
    try:
        found = measure(structures, header["wanted"])
        failed, columns = {}, []
        for name in header["wanted"]:
            if name not in found:
                raise ValueError(f"{name} is wanted, the answer has {', '.join(found)}: quantities must say what it has")
            if isinstance(found[name], dict):
                raise ValueError(f"{name} is a dictionary: give a sequence in the order of the structures")
            values = list(found[name])
            if len(values) != len(structures):
                raise ValueError(f"{len(values)} values of {name} for {len(structures)} structures")
            shape = {"forces": (-1, 3), "stress": (3, 3)}.get(name, ())
            for i, value in enumerate(values):
                if isinstance(value, Failed):
                    failed[str(i)] = " ".join(str(value).split())
                    value = np.full((len(structures[i].numbers), 3) if name == "forces" else shape, np.nan)
                values[i] = np.asarray(value, dtype="<f8").reshape(shape)
            columns.append((name, np.concatenate(values) if name == "forces" else np.stack(values)))
        return dict(answer, failed=failed), columns
    except (OutOfMemory, MemoryError):
        return dict(answer, kind="out_of_memory"), []
    except Exception as error:
        if "out of memory" in str(error).lower():
            return dict(answer, kind="out_of_memory"), []
        traceback.print_exc()
        return dict(answer, kind="failed", reason=" ".join(f"{type(error).__name__}: {error}".split())), []


@functools.cache
def claim_pipes():
    """Takes standard input and output for the protocol; from now on whatever is printed goes to standard error.

    serve does it; call it before imports that print.
    """
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout.flush()
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)
    return requests, answers


def _read(file):
    """The next frame: header and arrays by name; None at the end."""
    start = file.read(4)
    if len(start) < 4:
        return None
    header = json.loads(file.read(struct.unpack("<I", start)[0]))
    arrays = {}
    for array in header.get("arrays", []):
        kind, shape = TYPES[array["type"]], array["shape"]
        data = file.read(kind.itemsize * int(np.prod(shape)))
        arrays[array["name"]] = np.frombuffer(data, kind).reshape(shape)
    return header, arrays


def _write(file, header, arrays=()):
    """Writes a frame; arrays are pairs of a name and numbers of type f64."""
    header["arrays"] = [{"name": name, "type": "f64", "shape": list(values.shape)} for name, values in arrays]
    text = json.dumps(header).encode()
    file.write(struct.pack("<I", len(text)) + text + b"".join(values.tobytes() for _, values in arrays))
    file.flush()
