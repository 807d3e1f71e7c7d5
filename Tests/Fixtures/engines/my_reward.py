"""A reward of one's own: numbers for a batch of structures (cell, numbers, positions)."""

import numpy as np


def measure(structures):
    print("printing does no harm")
    volumes = np.array([abs(np.linalg.det(s.cell)) / len(s.numbers) for s in structures])
    return {"energy_per_atom": -0.1 * volumes, "band_gap": volumes / 10}


measure.quantities = {"energy_per_atom": "eV/atom", "band_gap": "eV"}
