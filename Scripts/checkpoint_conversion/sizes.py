"""The sizes of a network, from what a user of CrystalFormer has at hand."""
import json
import pathlib
import re

from . import Refusal

# As Druse names them in a policy's metadata, in the order of the reference's command line.
NAMES = (
    "Nf", "Kx", "Kl", "h0_size", "num_layers", "num_heads", "key_size", "model_size", "embed_size", "n_max", "atom_types",
    "wyck_types",
)  # fmt: skip
# What no option of the reference changes.
FIXED = {"widening_factor": 4, "sigmamin": 1e-3}
OPTIONS = {"transformer_layers": "num_layers"}

_NETWORK = re.compile(r"Nf_(\d+)_Kx_(\d+)_Kl_(\d+)_h0_(\d+)_l_(\d+)_H_(\d+)_k_(\d+)_m_(\d+)_e_(\d+)(?:_|$)")
_PHYSICS = re.compile(r"_A_(\d+)_W_(\d+)_N_(\d+)(?:_|$)")


def of(checkpoint, config):
    """The sizes, and where they are from.

    Raises Refusal if they are not told, or told in two ways.
    """
    folder = pathlib.Path(checkpoint).resolve().parent.name
    named = of_folder(folder)
    if config is None:
        if not named:
            raise Refusal(
                "the sizes of its network are not known: give --config with the reference's config.yaml, its printed "
                "parameters, a script with its options, or a JSON file such as Configs/alex20-policy.json"
            )
        return complete(named, f"the folder {folder}"), f"the folder {folder}"
    sizes = of_file(config)
    for name, value in named.items():
        if name in sizes and sizes[name] != value:
            raise Refusal(f"{config} says {name} {sizes[name]}, the name of its folder {value}: which is right?")
    return complete(sizes, config), config


def of_folder(name):
    """The sizes in the name that the reference gives to the folder of a training; empty if there are none."""
    network, physics = _NETWORK.search(name), _PHYSICS.search(name)
    sizes = dict(zip(NAMES[:9], map(int, network.groups()))) if network else {}
    if physics:
        sizes["atom_types"], sizes["wyck_types"], sizes["n_max"] = map(int, physics.groups())
    return sizes


def of_file(path):
    """The sizes in a file: JSON, `name: value` lines (YAML, the reference's output) or `--name value` options."""
    try:
        text = pathlib.Path(path).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not a text'}") from None
    found = []
    if text.lstrip().startswith("{"):
        try:
            found = list(json.loads(text).items())
        except (ValueError, RecursionError):
            raise Refusal(f"{path} is not JSON") from None
    else:
        for line in text.splitlines():
            line = line.split("#")[0]
            found += re.findall(r"^\s*(\w+)\s*[:=]\s*(\S+?),?\s*$", line) + re.findall(r"--(\w+)[ =]+([^\s\\]+)", line)
    sizes = {}
    for name, value in found:
        name = OPTIONS.get(name, name)
        if name not in NAMES and name not in FIXED:
            continue
        try:
            number = float(value) if name == "sigmamin" else int(str(value))
        except ValueError:
            raise Refusal(f"{path}: {name} is {value!r}, not a number") from None
        if sizes.setdefault(name, number) != number:
            raise Refusal(f"{path}: {name} is {sizes[name]} and {number}")
    if not sizes:
        raise Refusal(f"{path} tells no size of a network, such as num_layers or transformer_layers")
    return sizes


def complete(sizes, source):
    """All sizes, checked against what Druse can be."""
    missing = [name for name in NAMES if name not in sizes]
    if missing:
        raise Refusal(f"{source} lacks {', '.join(missing)}")
    sizes = FIXED | sizes
    for name, value in sizes.items():
        if not (0 if name == "h0_size" else 1e-12) <= value <= 8192:
            raise Refusal(f"{source}: {name} is {value}")
    if sizes["h0_size"] == 0:
        raise Refusal("h0_size is 0, a table in place of the head of the first Wyckoff position, which Druse does not have")
    for name, value in (("atom_types", 119), ("wyck_types", 28)):
        if sizes[name] != value:
            raise Refusal(f"{name} is {sizes[name]}; Druse has {value}")
    if sizes["key_size"] % 2:
        raise Refusal(f"key_size is {sizes['key_size']}; it must be even")
    return sizes


def shapes(sizes):
    """The shape of each parameter by `module/name`, in Druse's order, which is the reference's of creation."""
    names, linears, norms = {}, 0, 0
    embed, model, keys = sizes["embed_size"], sizes["model_size"], sizes["num_heads"] * sizes["key_size"]

    def linear(inputs, outputs, module=None):
        nonlocal linears
        if module is None:
            module = f"linear_{linears}" if linears else "linear"
            linears += 1
        names[f"{module}/w"], names[f"{module}/b"] = (inputs, outputs), (outputs,)

    def norm():
        nonlocal norms
        module = f"layer_norm_{norms}" if norms else "layer_norm"
        norms += 1
        names[f"{module}/scale"], names[f"{module}/offset"] = (model,), (model,)

    names["~/g_embeddings"] = (230, embed)
    names["~/w_embeddings"] = (sizes["wyck_types"], embed)
    names["~/a_embeddings"] = (sizes["atom_types"], embed)
    linear(embed, sizes["h0_size"])
    linear(sizes["h0_size"], sizes["wyck_types"])
    linear(2 * embed + 1, model)
    linear(2 * embed, model)
    for _ in range(3):
        linear(embed + 2 * sizes["Nf"], model)
    for layer in range(sizes["num_layers"]):
        module = f"multi_head_attention_{layer}" if layer else "multi_head_attention"
        norm()
        for part in ("query", "key", "value"):
            linear(model, keys, f"{module}/{part}")
        linear(keys, model, f"{module}/linear")
        norm()
        linear(model, sizes["widening_factor"] * model)
        linear(sizes["widening_factor"] * model, model)
    norm()
    linear(model, max(sizes["atom_types"] + 13 * sizes["Kl"], 3 * sizes["Kx"], sizes["wyck_types"]))
    return names
