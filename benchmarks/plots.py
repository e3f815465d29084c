"""Plots as plain SVG text: lines with axes and a legend, legible on light and dark pages."""

import math
from dataclasses import dataclass
from statistics import median

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 170, 50, 50
STYLE = """<style>
  svg { --page: #ffffff; --ink: #24292f; --grid: #d8dee4;
        --a: #6e7781; --b: #b45309; --c: #b91c1c; --d: #1d4ed8; --e: #7e22ce; --f: #15803d; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --ink: #e6edf3; --grid: #30363d;
          --a: #9198a1; --b: #f0a04b; --c: #ff7b72; --d: #79c0ff; --e: #d2a8ff; --f: #56d364; }
  }
  text { fill: var(--ink); font: 12px sans-serif }
  .title { font-size: 15px }
  line { stroke: var(--grid) }
  polyline { fill: none; stroke-width: 2 }
</style>"""
COLOURS = {
    "floor": "--a", "sdk": "--b", "threads": "--c", "imbot": "--d",
    "fixed": "--c", "adaptive": "--d", "economy": "--e", "final_only": "--f",
}  # fmt: skip
PACES = {
    "imbot": "adaptive",
    "imbot fixed": "fixed",
    "imbot economy": "economy",
    "imbot final_only": "final_only",
}


@dataclass(frozen=True)
class Axis:
    """From data to pixels, linear or logarithmic."""

    label: str
    low: float
    high: float
    ticks: tuple
    log: bool = False

    def share(self, value):
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def plot(title, x, y, lines):
    """An SVG document; ``lines`` maps a name to its points."""
    across = WIDTH - LEFT - RIGHT
    up = HEIGHT - TOP - BOTTOM

    def place(px, py):
        return LEFT + across * x.share(px), TOP + up * (1 - y.share(py))

    parts = [
        text(12, 22, title, kind="title"),
        text(LEFT + across / 2, HEIGHT - 10, x.label, anchor="middle"),
    ]
    parts.append(text(12, TOP - 10, y.label))
    for tick in x.ticks:
        at, _ = place(tick, y.low)
        parts += [line(at, TOP, at, TOP + up), text(at, TOP + up + 18, f"{tick:,g}", anchor="middle")]
    for tick in y.ticks:
        _, at = place(x.low, tick)
        parts += [line(LEFT, at, LEFT + across, at), text(LEFT - 6, at + 4, f"{tick:,g}", anchor="end")]
    for number, (name, points) in enumerate(lines.items()):
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (place(*point) for point in points))
        colour = f"var({COLOURS.get(name, '--ink')})"
        parts.append(f'<polyline points="{path}" style="stroke: {colour}"/>')
        at = TOP + 10 + 22 * number
        parts.append(
            f'<polyline points="{WIDTH - RIGHT + 14},{at} {WIDTH - RIGHT + 34},{at}" style="stroke: {colour}"/>'
        )
        parts.append(text(WIDTH - RIGHT + 40, at + 4, name))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">'
    back = f'<rect width="{WIDTH}" height="{HEIGHT}" style="fill: var(--page)"/>'
    return "\n".join([head, STYLE, back, *parts, "</svg>"]) + "\n"


def line(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def text(x, y, words, *, anchor="start", kind="label"):
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{words}</text>'


def round_up(value):
    """The next 1, 2, 3 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 3, 5, 10) if step * power >= value)


def all_of(found):
    """The plots that there are figures for, by file name."""
    plots = {}
    for name, rounds in found.items():
        curves = {
            PACES[system]: each["curve"]
            for system, each in rounds[0].items()
            if system in PACES and each.get("curve")
        }
        if len(curves) == len(PACES):
            plots["staleness.svg"] = staleness(int(name.split()[1]), curves)
    if lines := started(found.get("idle bots", [])):
        plots["start_up.svg"] = start_up(lines)
    return plots


def started(rounds):
    """Start-up over bots, by system: the medians of the rounds that measured it."""
    times = {}
    for each in rounds:
        for name, found in each.items():
            for key, value in found.items():
                _, _, count = key.partition("start_")
                if count.isdigit():
                    times.setdefault(name, {}).setdefault(int(count), []).append(value)
    return {
        name: sorted((count, median(each)) for count, each in found.items()) for name, found in times.items()
    }


def staleness(answer_s, curves):
    """Age of the oldest text not shown, over the time of one answer."""
    highest = round_up(max(max(ages) for ages in curves.values()) or 1)
    lines = {
        name: [(answer_s * (look + 0.5) / len(ages), age) for look, age in enumerate(ages)]
        for name, ages in curves.items()
    }
    x = Axis("seconds since the agent's first chunk", 0, answer_s, tuple(answer_s * n / 6 for n in range(7)))
    y = Axis("staleness, s", 0, highest, tuple(highest * n / 5 for n in range(6)))
    title = f"An answer of {answer_s} s: how old is the oldest text that the card does not show?"
    return plot(title, x, y, lines)


def start_up(lines):
    """Seconds until all bots are connected, over their number."""
    counts = [count for points in lines.values() for count, _ in points]
    times = [seconds for points in lines.values() for _, seconds in points]
    high = round_up(max(times))
    ticks = tuple(tick for tick in (0.1, 0.3, 1, 3, 10, 30, 100, 300) if tick <= high)
    x = Axis("bots", 1, max(counts), tuple(sorted(set(counts))), log=True)
    y = Axis("seconds", 0.1, high, ticks, log=True)
    return plot("From the start of the process until every bot is connected", x, y, lines)
