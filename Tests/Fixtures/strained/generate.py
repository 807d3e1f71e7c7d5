"""Strained, sheared and rattled cells with the space groups that spglib finds with a tolerance of 0.01 angstrom.

Needs numpy, spglib 2.8 and pymatgen; writes strained.jsonl.gz, whose ids begin with the number of the group.
"""

import gzip
import json
import warnings

import numpy as np
import spglib

warnings.filterwarnings("ignore")
from pymatgen.core import Lattice, Structure

rng = np.random.default_rng(20261127)


def fcc(a, _):
    return Lattice([[0, a / 2, a / 2], [a / 2, 0, a / 2], [a / 2, a / 2, 0]])


proto = [
    ("salt", Structure(fcc(5.64, 0), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])),
    (
        "salt8",
        Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.64), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    ),
    ("blende", Structure(fcc(5.65, 0), ["Ga", "As"], [[0, 0, 0], [0.25, 0.25, 0.25]])),
    ("silicon", Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0.125, 0.125, 0.125]])),
    (
        "tungsten",
        Structure(
            Lattice([[-1.58, 1.58, 1.58], [1.58, -1.58, 1.58], [1.58, 1.58, -1.58]]), ["W"], [[0, 0, 0]]
        ),
    ),
    (
        "perovskite",
        Structure.from_spacegroup(
            "Pm-3m", Lattice.cubic(3.9), ["Sr", "Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]]
        ),
    ),
    (
        "magnesium",
        Structure.from_spacegroup("P6_3/mmc", Lattice.hexagonal(3.2, 5.2), ["Mg"], [[1 / 3, 2 / 3, 0.25]]),
    ),
    (
        "wurtzite",
        Structure.from_spacegroup(
            "P6_3mc", Lattice.hexagonal(3.25, 5.2), ["Zn", "O"], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.382]]
        ),
    ),
    (
        "rutile",
        Structure.from_spacegroup(
            "P4_2/mnm", Lattice.tetragonal(4.59, 2.96), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]]
        ),
    ),
    (
        "bismuth",
        Structure.from_spacegroup(
            "R-3m",
            Lattice.hexagonal(4.38, 30.49),
            ["Bi", "Te", "Te"],
            [[0, 0, 0.4], [0, 0, 0], [0, 0, 0.2081]],
        ).get_primitive_structure(),
    ),
    (
        "calcite",
        Structure.from_spacegroup(
            "R-3c",
            Lattice.hexagonal(4.99, 17.06),
            ["Ca", "C", "O"],
            [[0, 0, 0], [0, 0, 0.25], [0.2567, 0, 0.25]],
        ),
    ),
    (
        "anatase",
        Structure.from_spacegroup(
            "I4_1/amd", Lattice.tetragonal(3.785, 9.514), ["Ti", "O"], [[0, 0.25, 0.375], [0, 0.25, 0.1666]]
        ).get_primitive_structure(),
    ),
    (
        "olivine",
        Structure.from_spacegroup(
            "Pnma",
            Lattice.orthorhombic(10.2, 5.98, 4.76),
            ["Mg", "Mg", "Si", "O", "O", "O"],
            [
                [0, 0, 0],
                [0.277, 0.25, 0.99],
                [0.094, 0.25, 0.426],
                [0.091, 0.25, 0.766],
                [0.447, 0.25, 0.222],
                [0.163, 0.033, 0.277],
            ],
        ),
    ),
    (
        "baddeleyite",
        Structure.from_spacegroup(
            "P2_1/c",
            Lattice.from_parameters(5.15, 5.2, 5.31, 90, 99.2, 90),
            ["Zr", "O", "O"],
            [[0.275, 0.04, 0.208], [0.07, 0.33, 0.345], [0.45, 0.757, 0.479]],
        ),
    ),
]
lines = []


def add(kind, name, s):
    lat = np.array(s.lattice.matrix).round(9)
    fc = np.array(s.frac_coords).round(9)
    z = [x.Z for x in s.species]
    d = spglib.get_symmetry_dataset((lat, fc, z), symprec=0.01)
    g = d.number if d is not None else 0
    lines.append(
        json.dumps(
            {
                "id": f"{g} {name}-{kind}",
                "lattice": lat.tolist(),
                "species": [x.symbol for x in s.species],
                "frac_coords": fc.tolist(),
            }
        )
    )


for name, s in proto:
    add("plain", name, s)
    for amp in (1e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2):
        # general strain
        e = rng.uniform(-1, 1, (3, 3)) * amp
        e = (e + e.T) / 2
        add(
            f"general-{amp:g}",
            name,
            Structure(Lattice(s.lattice.matrix @ (np.eye(3) + e)), s.species, s.frac_coords),
        )
        # one Cartesian axis longer
        i = rng.integers(3)
        e = np.eye(3)
        e[i, i] += amp
        add(f"axis-{amp:g}", name, Structure(Lattice(s.lattice.matrix @ e), s.species, s.frac_coords))
        # one vector longer
        m = np.array(s.lattice.matrix)
        m[rng.integers(3)] *= 1 + amp
        add(f"vector-{amp:g}", name, Structure(Lattice(m), s.species, s.frac_coords))
        # shear
        e = np.eye(3)
        j, k = rng.permutation(3)[:2]
        e[j, k] = amp
        add(f"shear-{amp:g}", name, Structure(Lattice(s.lattice.matrix @ e), s.species, s.frac_coords))
    for amp in (1e-3, 4e-3, 1e-2, 3e-2):
        d = rng.normal(size=(len(s), 3))
        d *= amp / np.linalg.norm(d, axis=1)[:, None]
        add(
            f"rattle-{amp:g}",
            name,
            Structure(s.lattice, s.species, s.frac_coords + d @ np.linalg.inv(s.lattice.matrix)),
        )
with gzip.GzipFile("strained.jsonl.gz", "wb", mtime=0) as file:
    file.write(("\n".join(lines) + "\n").encode())
