"""How stale a card is on average while its answer grows, by pace and length: python benchmarks/pacing.py.

Staleness is, at each moment, the age of the oldest text that is not shown yet. The answer is steady,
20 chunks a second; a call takes no time.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from pacing_simulation import simulate  # beside the tests, which hold these numbers

LENGTHS_S = (3, 5, 10, 30, 100, 300, 1000)
RULES = {
    "adaptive": {},
    "fixed": {"interval_s": 2.0},
    "economy": {},
    "final_only": {},
}


def main() -> None:
    print("Mean staleness in seconds, and the calls it took (20 at most, the end is one)\n")
    print(f"{'length':>12}" + "".join(f"{f'{length} s':>14}" for length in LENGTHS_S))
    for pace, settings in RULES.items():
        shown = [simulate(pace, length, **settings) for length in LENGTHS_S]
        cells = [f"{each.mean_staleness_s:.2f} ({len(each.updates)})" for each in shown]
        print(f"{pace:>12}" + "".join(f"{cell:>14}" for cell in cells))
    print("\nfixed: every 2 s or 5 chunks; the others: at least 1 s apart (economy 5 s).")
    freezes = ", ".join(
        f"{simulate('adaptive', length).longest_freeze:.1%} of {length} s" for length in LENGTHS_S[3:]
    )
    print(
        f"Longest standstill of adaptive after the fifth second, as a share of the time elapsed: {freezes}."
    )


if __name__ == "__main__":
    main()
