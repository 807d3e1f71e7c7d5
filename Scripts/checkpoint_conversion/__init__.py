"""Policies from and to the pickled checkpoints of CrystalFormer."""


class Refusal(Exception):
    """Why a file cannot be converted, in one line for people."""
