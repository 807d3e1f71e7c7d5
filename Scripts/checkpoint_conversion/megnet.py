"""MEGNet models of matgl (DGL, versions 0.9 to 2) for Druse."""
import argparse
import hashlib
import json
import math
import pathlib
import re
import sys

from . import Refusal, safetensors_file, torch_reader
from .command import write

# Elements 1 to 94 without Po, At, Rn, Fr, Ra: matgl's own list where a model states none.
ELEMENTS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo Tc "
    "Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi "
    "Ac Th Pa U Np Pu"
).split()
FIDELITIES = ["PBE", "GLLB-SC", "HSE", "SCAN"]
NUMBER = r"([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)"


def main(arguments):
    parser = argparse.ArgumentParser(prog="convert-megnet", description="Converts MEGNet models of matgl for Druse.")
    parser.add_argument("folder", metavar="MATGL_FOLDER", help="with model.json and state.pt")
    parser.add_argument("-o", "--output", required=True, metavar="MODEL", help="where to write (.safetensors)")
    parser.add_argument("--property", help="what it predicts; by default the folder's name tells: BandGap, Eform")
    parser.add_argument("--unit", help="of the property, such as eV")
    parser.add_argument("--fidelities", help=f"the states, where it has several: {','.join(FIDELITIES)} by default of four")
    options = parser.parse_args(arguments)
    try:
        if not options.output.endswith(".safetensors"):
            raise Refusal(f"{options.output}: a model's name must end in .safetensors")
        data, message = converted(pathlib.Path(options.folder), options)
        write(options.output, data)
    except Refusal as refusal:
        text = "".join(c if c.isprintable() else "?" for c in str(refusal))
        print(f"convert-megnet: {text if len(text) < 600 else text[:600] + '...'}", file=sys.stderr)
        return 1
    print(f"{options.output}: {message}")
    return 0


def converted(folder, options):
    """The bytes of a model for Druse, and what to say."""
    description, state = folder / "model.json", folder / "state.pt"
    try:
        sizes, mean, deviation = architecture(description)
    except Refusal as refusal:
        raise Refusal(f"{description}: {refusal}") from None
    try:
        tensors = {name.removeprefix("model."): tensor for name, tensor in torch_reader.read(state).items()}
        tensors = {name: tensor.floats(name) for name, tensor in tensors.items() if tensor.kind in ("f4", "f8")}
        digest = hashlib.sha256(state.read_bytes()).hexdigest()
        configuration = configured(sizes, mean, deviation, tensors, folder.resolve().name, options)
    except Refusal as refusal:
        raise Refusal(f"{state}: {refusal}") from None
    try:
        text = json.dumps(configuration, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        raise Refusal(f"{description}: it holds a number that is not finite, or is nested too deeply") from None
    metadata = {
        "config": text,
        "origin": f"matgl {folder.resolve().name}, state.pt sha256 {digest}",
    }
    tensors = dict(sorted(tensors.items()))
    count = sum(tensor.count for tensor in tensors.values())
    message = f"{count} parameters, {configuration['property']} in {configuration['unit']}"
    return safetensors_file.encoded(tensors, metadata), message


def architecture(path):
    """The sizes of the network, and mean and deviation of its target."""
    try:
        model = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refusal((error.strerror or str(error)).lower()) from None
    except RecursionError:
        raise Refusal("its values are nested too deeply") from None
    except ValueError:
        raise Refusal("it is not JSON") from None
    try:
        mean, deviation = 0.0, 1.0
        if model["@class"] == "TransformedTargetModel":
            text = str(model["kwargs"]["target_transformer"])
            found = re.search(rf"Normalizer: Mean\s*[=:]\s*{NUMBER},\s*Std\s*[=:]\s*{NUMBER}", text)
            if not found:
                raise Refusal(f"its target is transformed by {text[:80]!r}; a Normalizer is known")
            mean, deviation = float(found[1]), float(found[2])
            if not math.isfinite(mean) or not math.isfinite(deviation):
                raise ValueError
            model = model["kwargs"]["model"]
        if model["@class"] != "MEGNet":
            raise Refusal(f"it is of the class {model['@class']}, not MEGNet")
        sizes = model["init_args"] if "init_args" in model else model["kwargs"]
        if not isinstance(sizes, dict):
            raise KeyError
    except (KeyError, TypeError, ValueError, RecursionError):
        raise Refusal("it does not describe a model of matgl") from None
    check(sizes, "gauss_width", "a positive number", lambda value: is_number(value) and value > 0)
    check(sizes, "cutoff", "a positive number", lambda value: is_number(value) and value > 0)
    check(sizes, "element_types", "a list of symbols", is_symbols)
    check(sizes, "ntypes_state", "a whole number from 0 to 64", lambda value: is_whole(value, 64))
    check(sizes, "dim_state_embedding", "a whole number from 0 to 1024", lambda value: is_whole(value, 1024))
    return sizes, mean, deviation


def configured(sizes, mean, deviation, tensors, name, options):
    """The configuration that Druse reads."""
    if sizes.get("bond_expansion") is not None or sizes.get("graph_transformations") is not None:
        raise Refusal("it expands bonds or transforms graphs in a way of its own, which is not known")
    centres = tensors.get("bond_expansion.rbf.centers")
    if centres is None or sizes.get("gauss_width") is None or sizes.get("cutoff") is None:
        raise Refusal("it lacks bond_expansion.rbf.centers, gauss_width or cutoff")
    if centres.count == 0 or len(centres.shape) != 1:
        raise Refusal(f"bond_expansion.rbf.centers has shape {list(centres.shape)}, not that of a row of numbers")
    known = {"bandgap": ("band gap", "eV"), "eform": ("formation energy", "eV/atom")}
    found = next((value for key, value in known.items() if key in name.lower()), (None, None))
    quantity, unit = options.property or found[0], options.unit or (found[1] if not options.property else None)
    if not quantity or not unit:
        raise Refusal(f"the name {name} does not tell what it predicts: give --property and --unit")
    state_count = sizes.get("ntypes_state")
    if state_count:
        names = options.fidelities.split(",") if options.fidelities else FIDELITIES if state_count == 4 else []
        if len(names) != state_count:
            raise Refusal(f"it has {state_count} states and {len(names)} names of them: give --fidelities")
        # Quantities are called after letters and digits of a name, without case.
        plain = ["".join(c for c in name if c.isalnum()).lower() for name in names]
        if "" in plain or len(set(plain)) != len(plain):
            raise Refusal(f"the names of its states must differ, by letters and digits: {', '.join(names)}")
        state = {"kind": "embedding", "fidelities": names}
    else:
        state = {"kind": "vector", "default": [0.0] * (sizes.get("dim_state_embedding") or 2)}
    numbers = centres.numbers()
    return {
        "model_type": "MEGNet",
        "name": name,
        "property": quantity,
        "unit": unit,
        "output_mean": mean,
        "output_std": deviation,
        "element_types": list(sizes.get("element_types") or ELEMENTS),
        "architecture": sizes,
        "edge_aggregation": "destination",
        "gaussian": {
            "start": float(numbers[0]), "stop": float(numbers[-1]), "n": len(numbers), "gamma": float(sizes["gauss_width"]),
        },
        "state": state,
    }


def check(sizes, key, kind, is_right):
    """Raises Refusal for a value that is there and wrong."""
    value = sizes.get(key)
    if value is not None and not is_right(value):
        shown = str(value)[:40] if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"
        raise Refusal(f"{key} must be {kind}, not {shown}")


def is_number(value):
    return type(value) in (int, float) and -1e300 < value < 1e300


def is_whole(value, largest):
    return type(value) is int and 0 <= value <= largest


def is_symbols(value):
    return isinstance(value, list) and len(value) <= 200 and all(isinstance(symbol, str) for symbol in value)
