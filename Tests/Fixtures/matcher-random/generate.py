"""Random pairs for structure matching: python generate.py SEED COUNT [hard]; writes pairs-SEED.json."""
import csv, gzip, io, json, sys, random, time, warnings
warnings.filterwarnings("ignore")
import numpy as np
from collections import defaultdict
from pymatgen.core import Structure, Lattice
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
seed, count = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(seed); random.seed(seed)
csv.field_size_limit(10**9)
rows = list(csv.DictReader(gzip.open("../../../Configs/data/proto20.csv.gz", "rt")))
byf = defaultdict(list)
for r in rows: byf[r["formula"]].append(r)
multi = [v for v in byf.values() if len(v) > 1]
def S(r): return Structure.from_str(r["cif"], fmt="cif")
def prim(s):
    try: return s.get_primitive_structure()
    except Exception: return s
def rot(s):
    q = np.linalg.qr(rng.normal(size=(3,3)))[0]
    return Structure(Lattice(s.lattice.matrix @ q), s.species, s.frac_coords)
def unimod(n=3, big=1):
    m = np.eye(3, dtype=int)
    for _ in range(n):
        i, j = rng.choice(3, 2, replace=False); m[i] += int(rng.choice([-big, big])) * m[j]
    return m
def setting(s, n=3, big=1):
    m = unimod(n, big)
    f = s.frac_coords @ np.linalg.inv(m)
    perm = rng.permutation(len(s))
    t = Structure(Lattice(m @ s.lattice.matrix), s.species, f + rng.random(3))
    t = rot(t)
    return Structure.from_sites([t[i] for i in perm])
def displace(s, rms):
    d = rng.normal(size=(len(s), 3)) * rms / 3**.5
    return Structure(s.lattice, s.species, s.cart_coords + d, coords_are_cartesian=True)
def strain(s, a):
    e = rng.normal(size=(3,3)) * a; e = (e + e.T) / 2
    return Structure(Lattice(s.lattice.matrix @ (np.eye(3) + e)), s.species, s.frac_coords)
def supercell(s, lim=100):
    for _ in range(20):
        m = rng.integers(-1, 3, size=(3,3)); d = round(np.linalg.det(m))
        if 1 < abs(d) <= 6 and abs(d) * len(s) <= lim:
            t = s.copy(); t.make_supercell(m); return t
    return s.copy()
def mirror(s): return Structure(Lattice(s.lattice.matrix * np.array([1,1,-1])), s.species, s.frac_coords)
def scale(s): return Structure(Lattice(s.lattice.matrix * rng.uniform(.7, 1.5)), s.species, s.frac_coords)
def randcell():
    while True:
        p = list(rng.uniform(3, 9, 3)) + list(rng.uniform(50, 130, 3))
        try:
            L = Lattice.from_parameters(*p)
            if L.volume > 0.25 * np.prod(L.abc): return L
        except Exception: pass
def randstruct(nmax=12):
    els = list(rng.choice(["Na","Cl","O","Ti","Si","H","C","N","Fe","Ga"], rng.integers(1, 4), replace=False))
    n = int(rng.integers(1, nmax + 1))
    return Structure(randcell(), [str(rng.choice(els)) for _ in range(n)], rng.random((n, 3)))
def molecule():
    mols = [("O H H".split(), [[0,0,0],[.76,.59,0],[-.76,.59,0]]), ("C H H H H".split(), [[0,0,0],[.63,.63,.63],[-.63,-.63,.63],[-.63,.63,-.63],[.63,-.63,-.63]]), ("N N".split(), [[0,0,0],[0,0,1.1]]), ("C O O".split(), [[0,0,0],[0,0,1.16],[0,0,-1.16]])]
    sp, x = mols[rng.integers(len(mols))]
    k = int(rng.integers(1, 4)); L = Lattice.from_parameters(*(rng.uniform(5, 8, 3)), *(rng.uniform(75, 105, 3)))
    species, coords = [], []
    for i in range(k):
        q = np.linalg.qr(rng.normal(size=(3,3)))[0]; o = L.get_cartesian_coords(rng.random(3))
        species += sp; coords += list(np.array(x) @ q + o)
    return Structure(L, species, coords, coords_are_cartesian=True)
def pick():
    return S(random.choice(rows))
kinds = []
def K(f): kinds.append(f); return f
@K
def same_formula(): a, b = random.sample(random.choice(multi), 2); return S(a), rot(S(b))
@K
def same_formula_prim(): a, b = random.sample(random.choice(multi), 2); return prim(S(a)), setting(prim(S(b)))
@K
def other_setting(): s = prim(pick()); return s, setting(s)
@K
def skewed(): s = prim(pick()); return s, setting(s, 6, 2)
@K
def displaced(): s = prim(pick()); return s, setting(displace(s, rng.choice([.02,.05,.1,.2,.3,.4,.6,.9])))
@K
def displaced_sc(): s = prim(pick()); return s, rot(displace(supercell(s), rng.choice([.01,.03,.06,.1,.15,.2,.3])))
@K
def super_(): s = prim(pick()); return s, setting(supercell(s), 2)
@K
def mirror_(): s = prim(pick()); return s, setting(displace(mirror(s), rng.choice([0, .05])))
@K
def strained(): s = prim(pick()); return s, setting(strain(s, rng.choice([.01,.03,.06,.1,.15])))
@K
def strained_displaced(): s = prim(pick()); return s, setting(displace(strain(s, rng.choice([.01,.03,.06])), rng.choice([.05,.15,.3])))
@K
def volume(): s = pick(); return s, setting(scale(prim(s)))
@K
def conv_prim(): s = pick(); return s, rot(prim(s))
@K
def replaced():
    s = prim(pick()); t = s.copy(); e = random.choice(t.elements); o = random.choice([x for x in ["Na","Cl","O","Ti","Zn","S"] if x != e.symbol]); t.replace_species({e.symbol: o}); return s, setting(t)
@K
def permuted():
    s = prim(pick()); els = [e.symbol for e in s.elements]; p = els[1:] + els[:1]; t = s.copy(); t.replace_species(dict(zip(els, p))); return s, setting(t)
@K
def exchanged():
    s = prim(pick()); sp = [x.species_string for x in s]; i, j = rng.integers(len(s), size=2); sp[i], sp[j] = sp[j], sp[i]
    return s, setting(Structure(s.lattice, sp, s.frac_coords))
@K
def random_(): s = randstruct(); return s, setting(displace(s, rng.choice([0,.05,.2,.5])))
@K
def random_pair():
    s = randstruct(5); t = Structure(strain(s, .1).lattice, s.species, rng.random((len(s), 3))); return s, t
@K
def molecules(): s = molecule(); return s, setting(displace(s, rng.choice([0,.03,.1,.3])))
@K
def one_atom():
    L = random.choice([Lattice.cubic(3), Lattice([[0,2,2],[2,0,2],[2,2,0]]), Lattice([[-2,2,2],[2,-2,2],[2,2,-2]]), Lattice.hexagonal(3, 4.9), randcell(), randcell()])
    s = Structure(L, ["Fe"], [[0,0,0]]); M = random.choice([L, randcell(), Lattice.cubic(3.3), Lattice([[-2,2,2],[2,-2,2],[2,2,-2]])])
    return supercell(s, 20) if rng.random() < .5 else s, setting(strain(Structure(M, ["Fe"], [[.3,.1,.2]]), rng.choice([0, .02, .06])))
@K
def large():
    s = pick(); t = supercell(s, 100); return t, rot(displace(setting(t, 1), rng.choice([.02, .1, .2])))
@K
def stretched():
    s = prim(pick()); m = s.lattice.matrix.copy(); m[rng.integers(3)] *= rng.uniform(.8, 1.3); return s, setting(Structure(Lattice(m), s.species, s.frac_coords))
@K
def off_primitive():  # a supercell whose atoms are moved about as much as the primitive search tolerates
    s = prim(pick()); t = supercell(s, 40); return setting(displace(t, rng.choice([.05,.1,.15])), 1), setting(displace(t, rng.choice([.05,.1,.15])), 1)

ordinary = list(kinds); kinds.clear()
@K
def slab():
    s = prim(pick()); m = s.lattice.matrix.copy(); k = 30 / s.lattice.c; f = s.frac_coords.copy(); f[:, 2] /= k; m[2] *= k
    t = Structure(Lattice(m), s.species, f); return t, setting(displace(t, rng.choice([0, .05, .15, .3])), 2)
@K
def pseudo():  # lattices near to higher symmetry
    L = random.choice([Lattice.cubic(4), Lattice.tetragonal(4, 5.6), Lattice.hexagonal(4, 6.5), Lattice.rhombohedral(4, 60), Lattice.rhombohedral(4.2, 91), Lattice([[-2,2,2],[2,-2,2],[2,2,-2]])])
    n = int(rng.integers(1, 6)); s = Structure(L, [str(rng.choice(["Na", "Cl"])) for _ in range(n)], rng.random((n, 3)))
    return strain(s, rng.choice([0, 1e-6, 1e-4, .003, .02])), setting(displace(strain(s, rng.choice([0, 1e-6, 1e-4, .003, .02, .05])), rng.choice([0, .05, .2])), 2)
@K
def element_supercell():
    e = [r for r in rows[:400] if "2" not in r["formula"] and len(r["formula"]) <= 2]
    s = prim(S(random.choice(e))); t = supercell(s, 64); return displace(t, rng.choice([.02, .08, .12, .2])), setting(displace(t, rng.choice([.02, .08, .12, .2])), 1)
@K
def close_atoms():
    s = randstruct(6); f = np.vstack([s.frac_coords, s.frac_coords + rng.normal(size=(len(s), 3)) * .02]); t = Structure(s.lattice, list(s.species) * 2, f)
    return t, setting(displace(t, rng.choice([0, .03, .1])), 2)
@K
def tiny_cell():
    s = randstruct(3); t = Structure(Lattice(s.lattice.matrix * .3), s.species, s.frac_coords); return t, setting(displace(t, rng.choice([0, .03])), 2)
@K
def many_equal():
    n = int(rng.integers(8, 40)); L = randcell(); s = Structure(Lattice(L.matrix * (n / 6) ** (1/3)), ["Si"] * n, rng.random((n, 3))); return s, setting(displace(s, rng.choice([.05, .3, .6])), 2)
@K
def near_limit():
    s = prim(pick()); return s, setting(displace(s, rng.choice([.35, .45, .55, .7])), 1)
@K
def near_limit_lattice():
    s = prim(pick()); return s, setting(strain(s, rng.choice([.05, .07, .09, .11])), 1)
@K
def off_primitive2():
    s = prim(pick()); t = supercell(s, 48); return displace(t, rng.choice([.06,.08,.1,.12])), setting(displace(s, .03), 1)
@K
def deuterium():
    s = molecule(); return s, setting(supercell(displace(s, .02), 60), 1)
@K
def needles():
    s = prim(pick()); m = np.diag([1, 1, int(rng.integers(3, 9))]); t = s.copy(); 
    if len(t) * m[2, 2] > 100: return s, setting(s)
    t.make_supercell(m); t = displace(t, rng.choice([.02, .1, .15])); return t, setting(displace(t, .05), 2)
if sys.argv[3:] != ["hard"]: kinds = ordinary
def J(s): return {"lattice": s.lattice.matrix.tolist(), "species": [x.species_string for x in s], "frac_coords": s.frac_coords.tolist()}
m = StructureMatcher()
loose = [StructureMatcher(ltol=.2*f, stol=.3*f, angle_tol=5*f) for f in (.9, 1.1)]
out = []; t0 = time.time(); tm = 0
for i in range(count):
    f = kinds[i % len(kinds)]
    try: a, b = f()
    except Exception as e: continue
    a = Structure.from_dict(json.loads(json.dumps(a.as_dict()))); b = Structure.from_dict(json.loads(json.dumps(b.as_dict())))
    m._get_reduced_istructure.cache_clear()
    t = time.time()
    try:
        fit = m.fit(a, b); tm += time.time() - t
        rms = m.get_rms_dist(a, b); rev = m.fit(b, a)
        n = [len(m._get_reduced_structure(x)) for x in (a, b)]
        robust = fit == rev and all(w.fit(a, b) == fit for w in loose)
    except Exception as e:
        out.append(dict(id=f"{f.__name__}-{i}", kind=f.__name__, a=J(a), b=J(b), error=str(e))); continue
    out.append(dict(id=f"{f.__name__}-{i}", kind=f.__name__, a=J(a), b=J(b), fit=bool(fit), rms=[float(x) for x in rms] if rms else None, fit_reversed=bool(rev), n_sites_reduced=n, robust=bool(robust)))
json.dump(out, open(f"pairs-{seed}.json", "w"))
print(len(out), "pairs", time.time() - t0, "s; fit", tm / len(out) * 1e3, "ms a pair, errors", sum("error" in o for o in out))
