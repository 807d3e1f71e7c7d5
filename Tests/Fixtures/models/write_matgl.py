"""Writes a folder as matgl keeps its models, without torch: state.pt is the zip that `torch.save` makes of a state_dict.

  write_matgl.py TINY.safetensors FOLDER [call|column|cut|compressed|class|shared|name|centres|deep|KEY=JSON]
"""
import json
import pathlib
import struct
import sys
import zipfile


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(value):
    return b"J" + struct.pack("<i", value)


def numbers(values):
    return b"(" + b"".join(map(number, values)) + b"t"


def tensor(key, shape, strides):
    """A call of _rebuild_tensor_v2 with a storage by its key, as protocol 2 has it."""
    count = 1
    for size in shape:
        count *= size
    storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(key) + text("cpu") + number(count) + b"tQ"
    hooks = b"ccollections\nOrderedDict\n)R"
    arguments = b"(" + storage + number(0) + numbers(shape) + numbers(strides) + b"\x89" + hooks + b"t"
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + arguments + b"R"


source, folder, kind = sys.argv[1], pathlib.Path(sys.argv[2]), (sys.argv[3:] + [""])[0]
data = open(source, "rb").read()
size = int.from_bytes(data[:8], "little")
header = json.loads(data[8 : 8 + size])
configuration = json.loads(header.pop("__metadata__")["config"])
body = data[8 + size :]
folder.mkdir()

items, storages = b"", {}
for index, (name, entry) in enumerate(sorted(header.items())):
    shape = entry["shape"]
    strides = [1] * len(shape)
    for axis in reversed(range(len(shape) - 1)):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    if kind == "column" and len(shape) == 2:
        strides = [1, shape[0]]
    begin, end = entry["data_offsets"]
    storages[str(index)] = body[begin:end]
    items += text("model." + name) + tensor(str(index), shape, strides)
    if kind == "centres" and name.endswith("centers"):
        items = items.removesuffix(tensor(str(index), shape, strides)) + tensor(str(index), [0], [1])
if kind == "shared":
    largest = max(storages, key=lambda key: len(storages[key]))
    count = len(storages[largest]) // 4
    items += b"".join(text(f"model.{n}") + tensor(largest, [count], [1]) for n in range(1000))
state = b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u"
# The versions of modules, which torch keeps as an attribute.
state += b"}" + text("_metadata") + b"ccollections\nOrderedDict\n)Rsb."
if kind == "call":
    state = b"\x80\x02cposix\nsystem\n(" + text("true") + b"tR."
if kind == "cut":
    storages["3"] = storages["3"][:-4]
compression = zipfile.ZIP_DEFLATED if kind == "compressed" else zipfile.ZIP_STORED
with zipfile.ZipFile(folder / "state.pt", "w", compression) as archive:
    archive.writestr("state/data.pkl", state)
    for key, content in storages.items():
        archive.writestr(f"state/data/{key}", content)
    archive.writestr("state/byteorder", "little")
if kind == "name":
    # Says that its names are UTF-8, which the last one is not.
    raw = (folder / "state.pt").read_bytes()
    place = raw.rindex(b"state/byteorder")
    flags = raw.rindex(b"PK\x01\x02", 0, place) + 8
    raw = raw[:flags] + b"\x00\x08" + raw[flags + 2 : place] + b"\xff" + raw[place + 1 :]
    (folder / "state.pt").write_bytes(raw)

sizes = configuration["architecture"]
sizes |= {"ntypes_state": 2, "gauss_width": configuration["gaussian"]["gamma"], "element_types": configuration["element_types"]}
if "=" in kind:
    key, value = kind.split("=")
    sizes[key] = json.loads(value)
model = {"@class": "M3GNet" if kind == "class" else "MEGNet", "@module": "matgl.models._megnet", "init_args": sizes}
target = f"Normalizer: Mean={configuration['output_mean']}, Std: {configuration['output_std']}"
description = {"@class": "TransformedTargetModel", "kwargs": {"model": model, "target_transformer": target}}
(folder / "model.json").write_text("[" * 200_000 if kind == "deep" else json.dumps(description))
