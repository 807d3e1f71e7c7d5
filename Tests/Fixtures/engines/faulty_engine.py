"""An engine that fails in the way that the first atom of a structure asks for.

usage: faulty_engine.py [START [FILE]]

START: how it behaves before any batch. FILE: made by the first process that kills itself, and tells the next not to.
"""

import os
import signal
import sys
import time

import protocol

START = sys.argv[1] if len(sys.argv) > 1 else ""
FILE = sys.argv[2] if len(sys.argv) > 2 else ""
OK, RUBBISH, HANG, ABORT, EXIT, WRONG_BATCH, NAN, TRUNCATED, WRONG_COUNT, FAILED = range(1, 11)
BATCH_FAILED, MEMORY_OF_TWO, NO_MEMORY, KILLED_ONCE, INFINITE, CLOSED, TWICE, MISSING, STRANGER, DOUBLED = range(11, 21)


def main():
    if START == "die":
        sys.exit("there is no such model")
    requests, answers = protocol.pipes()
    if START == "noise":
        answers.write(b"Loading the model ...\n")
    if START == "flood":
        sys.stderr.write("x" * 1_000_000 + "\n")
        for line in range(2000):
            sys.stderr.write(f"line {line}\n")
        sys.stderr.flush()
    while (request := protocol.read(requests)) is not None:
        header, arrays = request
        if header["kind"] == "hello":
            hello(answers, header["device"])
        else:
            evaluate(answers, header, arrays)


def hello(answers, device):
    if START == "hang":
        time.sleep(1000)
    extras = [{"name": name, "unit": unit} for name, unit in [
        ("pid", ""), ("atoms_of_batch", ""), ("descriptors", ""), ("leads_group", ""), ("secrets", "")]]
    more = {
        "protocol": {"druse_engine": 2},
        "unit": {"quantities": [{"name": "energy", "unit": "kcal/mol"}]},
        "no energy": {"quantities": [{"name": "gap", "unit": "eV"}]},
        "convention": {"energy_convention": "best"},
        "raw": {"energy_convention": "raw-pbe"},
        "own": {"energy_convention": "own-hull-only"},
    }.get(START, {})
    answer = protocol.hello("faulty", version=device or "1", digest="cafe")
    answer["quantities"] += extras
    if START.startswith("gives "):
        _, name, *unit = START.split(" ")
        answer["quantities"].append({"name": name, "unit": unit[0] if unit else ""})
    if START == "field":
        answer["quantities"] = [{"name": "energy", "unit": 1}]
    answers.write(protocol.frame(dict(answer, **more)))


def evaluate(answers, header, arrays):
    batch, structures = header["batch"], list(protocol.structures(arrays))
    kinds = [numbers[0] for _, numbers, _ in structures]
    energies = [-0.01 * cell[0] for cell, _, _ in structures]
    failed = {}
    if RUBBISH in kinds:
        answers.write(b"SCF cycle 1\n")
    if HANG in kinds:
        time.sleep(1000)
    if ABORT in kinds:
        os.abort()
    if EXIT in kinds:
        print("the model is tired")
        os._exit(3)
    if WRONG_BATCH in kinds:
        batch -= 1
    if KILLED_ONCE in kinds and not os.path.exists(FILE):
        open(FILE, "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if CLOSED in kinds:
        answers.close()
        time.sleep(1000)
    if BATCH_FAILED in kinds:
        answers.write(protocol.frame({"kind": "failed", "batch": batch, "reason": "no such thing"}))
        return
    if NO_MEMORY in kinds or (MEMORY_OF_TWO in kinds and len(kinds) > 2):
        answers.write(protocol.frame({"kind": "out_of_memory", "batch": batch}))
        return
    if STRANGER in kinds:
        failed["77"] = "who is that?"
    for index, kind in enumerate(kinds):
        if kind == NAN:
            energies[index] = float("nan")
        if kind == INFINITE:
            energies[index] = float("inf")
        if kind == FAILED:
            failed[str(index)] = "it does not converge"
    if WRONG_COUNT in kinds:
        energies.append(0.0)
    count = len(energies)
    columns = [
        ("energy_per_atom", energies), ("pid", [os.getpid()] * count),
        ("atoms_of_batch", [header["atoms"]] * count),
        ("descriptors", [len(os.listdir("/proc/self/fd"))] * count),
        ("leads_group", [float(os.getpgid(0) == os.getpid())] * count),
        ("secrets", [sum("SECRET" in name for name in os.environ)] * count),
    ]
    if MISSING in kinds:
        del columns[0]
    if DOUBLED in kinds:
        columns.append(("energy_per_atom", []))
    frame = protocol.frame({"kind": "results", "batch": batch, "failed": failed}, columns)
    if TRUNCATED in kinds:
        answers.write(frame[:-5])
        os._exit(0)
    answers.write(frame)
    if TWICE in kinds:
        answers.write(frame)


main()
