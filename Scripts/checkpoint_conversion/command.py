"""The command line."""
import argparse
import hashlib
import json
import os
import pathlib
import re
import sys
import tempfile

from . import Refusal, pickle_reader, pickle_writer, safetensors_file, sizes
from .arrays import Array

POLICY_KEY = "druse.policy"
MOMENTS = ("optimiser/first_moment", "optimiser/second_moment")
TENSOR_LIMIT = 10_000


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="convert-checkpoint", description="Converts policies between CrystalFormer's pickled checkpoints and Druse."
    )
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a .pkl of CrystalFormer; a .safetensors with --to-pickle")
    parser.add_argument(
        "--config",
        help="the sizes of the network: JSON, the reference's config.yaml, its printed parameters or a script with its "
        "options; by default the name of the checkpoint's folder tells them",
    )
    parser.add_argument("-o", "--output", required=True, help="where to write")
    parser.add_argument("--to-pickle", action="store_true", help="write a checkpoint for CrystalFormer")
    parser.add_argument("--with-optimiser", action="store_true", help="keep the moments of Adam")
    options = parser.parse_args(arguments)
    try:
        if options.to_pickle:
            if options.config:
                raise Refusal("--to-pickle takes the sizes from the policy; leave --config out")
            data, message = to_pickle(options)
        else:
            data, message = from_pickle(options)
        write(options.output, data)
    except Refusal as refusal:
        # One line, whatever a file put into it.
        text = "".join(c if c.isprintable() else "?" for c in str(refusal))
        print(f"convert-checkpoint: {text if len(text) < 600 else text[:600] + '...'}", file=sys.stderr)
        return 1
    print(message)
    return 0


def from_pickle(options):
    """The bytes of a policy for Druse, and what to say."""
    path = options.checkpoint
    if not options.output.endswith(".safetensors"):
        raise Refusal(f"{options.output}: a policy's name must end in .safetensors")
    try:
        value = pickle_reader.read(path)
        if not isinstance(value, dict) or not isinstance(value.get("params"), dict):
            raise Refusal("it is not a checkpoint of CrystalFormer: it has no parameters (\"params\")")
        arrays = flattened(value["params"])
        network, source = sizes.of(path, options.config)
        expected = sizes.shapes(network)
        tensors, is_rounded = checked(arrays, expected, source)
        metadata = {POLICY_KEY: json.dumps(network, sort_keys=True, separators=(",", ":"))}
        digest = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
        metadata["druse.fact.origin"] = f"CrystalFormer checkpoint {pathlib.Path(path).name}, sha256 {digest}"
        if options.with_optimiser:
            moments, steps = adam(value.get("opt_state"), expected)
            tensors |= moments
            metadata |= {"druse.adam_step": str(steps), "druse.step": "0", "druse.best": "inf"}
    except Refusal as refusal:
        raise Refusal(f"{path}: {refusal}") from None
    count = sum(tensors[name].count for name in expected)
    message = (
        f"{options.output}: {count} parameters, sizes from {source}\n"
        "It knows no frequencies of space groups: name groups, or the data with --space-groups-from."
    )
    return safetensors_file.encoded(tensors, metadata), message + ("\n64-bit numbers were rounded to 32." if is_rounded else "")


def flattened(tree):
    """The arrays of a tree of modules by `module/name`."""
    arrays = {}
    for module, parameters in tree.items():
        if not isinstance(parameters, dict) or len(arrays) + len(parameters) > TENSOR_LIMIT:
            raise Refusal(f"{module[:100]} is not a module with parameters")
        for name, value in parameters.items():
            array = pickle_reader.finished(value)
            if array is None:
                raise Refusal(f"{module[:100]}/{name[:100]} is not an array")
            arrays[f"{module}/{name}"] = array
    return arrays


def checked(arrays, expected, source):
    """The parameters in Druse's order, and whether some were rounded."""
    for name, shape in expected.items():
        if name not in arrays:
            raise Refusal(f"it lacks the tensor {name} of a network with the sizes of {source}")
        if arrays[name].shape != shape:
            raise Refusal(
                f"the tensor {name} has shape {list(arrays[name].shape)}, but {list(shape)} by the sizes of {source}"
            )
    others = [name for name in arrays if name not in expected]
    if others:
        raise Refusal(
            f"it has tensors that the network of {source} has not, such as {others[0]}: other sizes, or another "
            "architecture (checkpoints of CrystalFormer before version 0.4 have one)"
        )
    tensors = {name: arrays[name].floats(name) for name in expected}
    return tensors, any(array.kind == "f8" for array in arrays.values())


def adam(state, expected):
    """The moments of Adam as two rows in Druse's order, and the number of its steps."""
    found = []

    def search(value, depth):
        if isinstance(value, pickle_reader.State) and value.name == "ScaleByAdamState":
            found.append(value)
        elif isinstance(value, tuple) and depth < 4 and len(value) < 16:
            for part in value:
                search(part, depth + 1)

    search(state, 0)
    if len(found) != 1:
        raise Refusal("it has no state of Adam to keep; leave --with-optimiser out")
    parts = found[0].parts
    rows = []
    for key in ("mu", "nu"):
        if not isinstance(parts[key], dict):
            raise Refusal("its state of Adam is not that of its parameters")
        arrays = flattened(parts[key])
        for name, shape in expected.items():
            if name not in arrays or arrays[name].shape != shape:
                raise Refusal(f"its state of Adam is not that of its parameters: {name} differs")
        data = b"".join(bytes(arrays[name].floats(f"Adam's {key} of {name}").data) for name in expected)
        rows.append(Array((len(data) // 4,), "f4", data))
    count = pickle_reader.finished(parts["count"])
    if count is None or count.count != 1 or count.kind not in ("i4", "i8"):
        raise Refusal("its state of Adam has no number of steps")
    return dict(zip(MOMENTS, rows)), count.numbers()[0]


def to_pickle(options):
    """The bytes of a checkpoint for the reference, and what to say."""
    path = options.checkpoint
    if not re.fullmatch(r"epoch_\d+\.pkl", pathlib.Path(options.output).name):
        raise Refusal(f"{options.output}: CrystalFormer finds checkpoints by names such as epoch_000001.pkl")
    try:
        tensors, metadata = safetensors_file.read(path)
        try:
            network = sizes.complete(json.loads(metadata[POLICY_KEY]), "its metadata")
        except (KeyError, TypeError, ValueError):
            raise Refusal("it is not a policy of Druse: its metadata tells no sizes") from None
        for name, value in sizes.FIXED.items():
            if network[name] != value:
                raise Refusal(f"{name} is {network[name]}; CrystalFormer's programs have {value}")
        expected = sizes.shapes(network)
        moments = {name: tensors.pop(name) for name in MOMENTS if name in tensors}
        checkpoint = {"params": tree(checked(tensors, expected, "its metadata")[0])}
        if options.with_optimiser:
            if len(moments) != 2 or not str(metadata.get("druse.adam_step", "")).isdigit():
                raise Refusal("it has no moments of Adam to keep; leave --with-optimiser out")
            checkpoint["opt_state"] = chain(moments, int(metadata["druse.adam_step"]), expected)
    except Refusal as refusal:
        raise Refusal(f"{path}: {refusal}") from None
    reference = {name: option for option, name in sizes.OPTIONS.items()}
    flags = " ".join(f"--{reference.get(name, name)} {network[name]}" for name in sizes.NAMES)
    return pickle_writer.encoded(checkpoint), f"{options.output}: CrystalFormer takes it with --restore_path and {flags}"


def tree(tensors):
    """Tensors by module and name, as haiku keeps them."""
    modules = {}
    for name, tensor in tensors.items():
        module, parameter = name.rsplit("/", 1)
        modules.setdefault(module, {})[parameter] = tensor
    return modules


def chain(moments, steps, expected):
    """The state of the reference's chain: clipping, Adam, schedule, sign."""
    trees = []
    for name in MOMENTS:
        data, offset, tensors = moments[name].data, 0, {}
        if moments[name].count != sum(Array(shape, "f4", b"").count for shape in expected.values()):
            raise Refusal(f"{name} has not as many numbers as the network has parameters")
        for parameter, shape in expected.items():
            array = Array(shape, "f4", None)
            array.data = data[offset : offset + 4 * array.count]
            offset += 4 * array.count
            tensors[parameter] = array
        trees.append(tree(tensors))
    count = Array((), "i4", steps.to_bytes(4, "little"))
    state = pickle_reader.State
    return (
        state("EmptyState", {}), state("ScaleByAdamState", {"count": count, "mu": trees[0], "nu": trees[1]}),
        state("ScaleByScheduleState", {"count": count}), state("EmptyState", {}),
    )  # fmt: skip


def write(path, data):
    """Writes a file as a whole or not at all."""
    folder = os.path.dirname(os.path.abspath(path))
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=".convert-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
