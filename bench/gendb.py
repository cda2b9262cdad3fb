#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a synthetic ClamAV database: as many signatures of each kind as the official one has, all of them random.

usage: bench/gendb.py FOLDER [SCALE]

SCALE 1 (the default) is 3.41 million signatures in 250 MB of text, which take about 1.1 GB in clamd. The same arguments
always give the same files. Nothing is found by them, except the EICAR test string.
"""
import os
import random
import sys

# Kind of target file (0: any, 1: PE, 2: OLE2, 3: HTML, 4: mail, 6: ELF, 7: ASCII) and its share.
BODY_TARGETS = {0: 8, 1: 40, 3: 25, 4: 10, 6: 2, 7: 1}
LOGICAL_TARGETS = {0: 3, 1: 85, 2: 25, 3: 3, 6: 1, 7: 1}
EICAR = ("Eicar-Signature:0:0:58354f2150254041505b345c505a58353428505e2937434329377d2445494341522d5354414e444152442d"
         "414e544956495255532d544553542d46494c452124482b482a")


def pick(rng, shares):
    """One of the keys, as often as its share says."""
    return rng.choices(list(shares), list(shares.values()))[0]


def hexes(rng, length):
    """So many random bytes, in hexadecimal."""
    return rng.randbytes(length).hex()


def sha256_line(rng, number):
    """A whole file by SHA-256 and size."""
    return f"{hexes(rng, 32)}:{rng.randrange(500, 5_000_000)}:Bench.Sha256-{number}:73"


def md5_line(rng, number):
    """A whole file by MD5 and size."""
    return f"{hexes(rng, 16)}:{rng.randrange(500, 5_000_000)}:Bench.Md5-{number}"


def section_line(rng, number):
    """A section of a PE file by size and MD5."""
    return f"{512 * rng.randrange(1, 3_900)}:{hexes(rng, 16)}:Bench.Section-{number}"


def body_line(rng, number):
    """Bytes anywhere in a file, with gaps between them."""
    gap = rng.choice(["*", "{-50}", "??", "{4-10}"])
    parts = [hexes(rng, rng.randint(12, 40)) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    return f"Bench.Body-{number}:{pick(rng, BODY_TARGETS)}:*:{gap.join(parts)}"


def logical_line(rng, number):
    """Several pieces that must all be there."""
    count = rng.randint(2, 5)
    pieces = ";".join(hexes(rng, rng.randint(8, 24)) for _ in range(count))
    wanted = "&".join(str(i) for i in range(count))
    return f"Bench.Logical-{number};Engine:81-255,Target:{pick(rng, LOGICAL_TARGETS)};{wanted};{pieces}"


FILES = [
    ("bench.hsb", 700_000, sha256_line),
    ("bench.hdb", 800_000, md5_line),
    ("bench.mdb", 1_700_000, section_line),
    ("bench.ndb", 90_000, body_line),
    ("bench.ldb", 120_000, logical_line),
]


def main():
    """Writes all files into the folder."""
    folder = sys.argv[1]
    scale = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    os.makedirs(folder, exist_ok=True)
    rng = random.Random("clamav-scan")
    for name, count, line in FILES:
        with open(os.path.join(folder, name), "w", encoding="ascii") as file:
            file.writelines(line(rng, number) + "\n" for number in range(int(count * scale)))
    with open(os.path.join(folder, "eicar.ndb"), "w", encoding="ascii") as file:
        file.write(EICAR + "\n")


if __name__ == "__main__":
    main()
