"""The command line: python3 -m druse_engine ase|call|torch-sim ...; each word has --help."""

import argparse
import hashlib
import importlib
import importlib.util
import json
import os
import sys

from . import Failed, OutOfMemory, claim_pipes, serve


def load(place):
    """The object that `module:name` or `file.py:name` means."""
    module, _, name = place.rpartition(":")
    if not module:
        sys.exit(f"druse_engine: {place} is not of the form module:name or file.py:name")
    if module.endswith(".py"):
        sys.path.insert(0, os.path.dirname(os.path.abspath(module)))
        specification = importlib.util.spec_from_file_location(os.path.basename(module)[:-3], module)
        found = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(found)
    else:
        found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def version_of(place):
    """The version of the package that `module:name` comes from; of a file its digest."""
    module = place.rpartition(":")[0]
    if module.endswith(".py"):
        with open(module, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()[:12]
    return str(getattr(importlib.import_module(module.split(".")[0]), "__version__", "unknown"))


def maker(place, options):
    """What makes a model on a device, from the callable at a place and its arguments."""
    return lambda device: load(place)(**dict({"device": device} if device else {}, **options))


def ase(arguments):
    """Energies, and where wanted forces and stress, of an ASE calculator, crystal by crystal."""
    from ase import Atoms

    made = {}

    def setup(device):
        made["calculator"] = maker(arguments.calculator, arguments.kwargs)(device)

    def values(structure, wanted):
        atoms = Atoms(structure.numbers, structure.positions, cell=structure.cell, pbc=True, **made)
        give = {
            "energy": atoms.get_potential_energy, "forces": atoms.get_forces,
            "stress": lambda: atoms.get_stress(voigt=False),
        }
        try:
            return [give[name]() for name in wanted]
        except Exception as error:
            if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
                raise
            return [Failed(f"{type(error).__name__}: {error}")] * len(wanted)  # this crystal alone

    def measure(structures, wanted):
        return dict(zip(wanted, zip(*(values(structure, wanted) for structure in structures))))

    return measure, {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å^3"}, setup


def call(arguments):
    """A function of one's own: a list of structures in, a dictionary of numbers out."""
    function = load(arguments.function)
    quantities = dict(getattr(function, "quantities", {"energy": "eV"}))
    quantities.update(text.partition("=")[::2] for text in arguments.quantity)
    told = set(quantities)

    def measure(structures, wanted):
        found = function(structures)
        for name in set(found) - told:
            print(f"druse_engine: {name} is left out: declare it, --quantity {name}=UNIT", file=sys.stderr)
            told.add(name)
        return found

    def setup(device):
        if device:
            print(f"druse_engine: a function is not told of --device {device}", file=sys.stderr)

    return measure, quantities, setup


def torch_sim(arguments):
    """Energies, and where wanted and computed forces and stress, of a model of torch-sim, whole batches at once."""
    import torch
    import torch_sim
    from ase import Atoms

    made, quantities = {}, {"energy": "eV"}

    def setup(device):
        made["model"] = maker(arguments.model, arguments.kwargs)(torch.device(device) if device else None)
        for name, unit in [("forces", "eV/Å"), ("stress", "eV/Å^3")]:
            if getattr(made["model"], f"compute_{name}", False):
                quantities[name] = unit

    def measure(structures, wanted):
        model = made["model"]
        try:
            atoms = [Atoms(s.numbers, s.positions, cell=s.cell, pbc=True) for s in structures]
            found = model(torch_sim.initialize_state(atoms, model.device, model.dtype))
            values = {name: found[name].detach().cpu().double() for name in wanted}
        except torch.cuda.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise OutOfMemory from error
        if "forces" in values:
            values["forces"] = values["forces"].split([len(s.numbers) for s in structures])
        return values

    return measure, quantities, setup


def main():
    parser = argparse.ArgumentParser(prog="python3 -m druse_engine", description=__doc__)
    kinds = parser.add_subparsers(required=True, metavar="ase|call|torch-sim")
    for kind, work, option, text in [
        ("ase", ase, "--calculator", "what makes the calculator, as module:name"),
        ("torch-sim", torch_sim, "--model", "what makes the model, as module:name"),
        ("call", call, "function", "the function, as file.py:name or module:name"),
    ]:
        one = kinds.add_parser(kind, help=work.__doc__, description=work.__doc__)
        one.add_argument(option, **({} if option == "function" else {"required": True}), help=text)
        one.set_defaults(work=work, place=option.lstrip("-"))
        one.add_argument("--name", help="NAME in the run's `potential: external NAME`; else that of the callable")
        one.add_argument(
            "--energy-convention", default="own-hull-only", help="mp2020-corrected, raw-pbe or own-hull-only")
        one.add_argument("--digest", default="", help="of the weights, for the records")
        if kind == "call":
            one.add_argument("--quantity", action="append", default=[], metavar="NAME=UNIT", help="what else it gives")
        else:
            one.add_argument("--kwargs", type=json.loads, default={}, help="arguments of the callable, a JSON object")
    arguments = parser.parse_args()
    claim_pipes()
    place = getattr(arguments, arguments.place)
    measure, quantities, setup = arguments.work(arguments)
    serve(
        measure, setup=setup, name=arguments.name or place.rpartition(":")[2], version=version_of(place),
        digest=arguments.digest, energy_convention=arguments.energy_convention, quantities=quantities)


main()
