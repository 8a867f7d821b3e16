"""Write what random.Random answers, as a transcript that the tests of this package replay.

usage: transcript.py LINES SEED...    where SEED is str:TEXT or bytes:HEX
"""
import random
import sys

POOLS = (2, 4, 5, 6, 20, 21)
RANGES = ((5000, 10000), (500000, 1000000), (5000000, 10000000), (2, 4), (7, 7), (0, 2**32 - 2))
NORMALS = ((75, 15), (97, 2), (120, 20), (80, 15), (0, 1))


def step(r, turn):
    op = turn.choice(("random", "uniform", "getrandbits", "randbelow", "randint", "sample", "gauss"))
    if op == "random":
        return "random", r.random().hex()
    if op == "uniform":
        a, b = turn.choice(((0.0, 7.0), (0.0, 3.0), (0.0, 0.3), (-1.5, 2.25)))
        return f"uniform {a.hex()} {b.hex()}", r.uniform(a, b).hex()
    if op == "getrandbits":
        k = turn.randint(1, 32)
        return f"getrandbits {k}", r.getrandbits(k)
    if op == "randbelow":
        n = turn.choice((1, 2, 3, 4, 5, 20, 5001, 2**31, 2**31 + 1, 2**32 - 1))
        return f"randbelow {n}", r.choice(range(n))
    if op == "randint":
        a, b = turn.choice(RANGES)
        return f"randint {a} {b}", r.randint(a, b)
    if op == "sample":
        n = turn.choice(POOLS)
        k = turn.randint(0, n)
        return f"sample {n} {k}", " ".join(map(str, r.sample(range(n), k)))
    mu, sigma = turn.choice(NORMALS)
    return f"gauss {mu} {sigma}", r.gauss(mu, sigma).hex()


def main(lines, seeds):
    for seed in seeds:
        kind, text = seed.split(":", 1)
        print("seed", kind, text)
        r = random.Random(text if kind == "str" else bytes.fromhex(text))
        turn = random.Random("turn " + seed)
        for _ in range(lines):
            print(*step(r, turn), sep=" = ")


main(int(sys.argv[1]), sys.argv[2:])
