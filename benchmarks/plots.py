"""Plots as plain SVG text: lines with axes and a legend, nothing more."""

import math
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 150, 40, 50
COLOURS = {"floor": "#777777", "sdk": "#d97706", "threads": "#b91c1c", "imbot": "#1d4ed8"}


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

    parts = [text(LEFT, 22, title, size=15), text(LEFT + across / 2, HEIGHT - 10, x.label, anchor="middle")]
    parts.append(text(LEFT, TOP - 4, y.label, anchor="middle", size=11))
    for tick in x.ticks:
        at, _ = place(tick, y.low)
        parts += [line(at, TOP, at, TOP + up), text(at, TOP + up + 16, f"{tick:g}", anchor="middle")]
    for tick in y.ticks:
        _, at = place(x.low, tick)
        parts += [line(LEFT, at, LEFT + across, at), text(LEFT - 6, at + 4, f"{tick:g}", anchor="end")]
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS.get(name, "#333333")
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (place(*point) for point in points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(text(LEFT + across + 12, TOP + 14 + 20 * number, name, colour=colour))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">'
    back = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    return "\n".join([head, back, *parts, "</svg>"]) + "\n"


def line(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def text(x, y, words, *, anchor="start", size=12, colour="#333333"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">{words}</text>'


def round_up(value):
    """The next 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def staleness(answer_s, curves):
    """Age of the oldest text not shown, over the time of one answer."""
    highest = round_up(max(max(ages) for ages in curves.values()) or 1)
    lines = {
        name: [(answer_s * (look + 0.5) / len(ages), age) for look, age in enumerate(ages)]
        for name, ages in curves.items()
    }
    x = Axis("seconds since the agent's first chunk", 0, answer_s, tuple(answer_s * n / 6 for n in range(7)))
    y = Axis("staleness, s", 0, highest, tuple(highest * n / 5 for n in range(6)))
    return plot(
        f"An answer of {answer_s} s: how old is the oldest text that the card does not show?", x, y, lines
    )


def start_up(lines):
    """Seconds until all bots are connected, over their number."""
    counts = [count for points in lines.values() for count, _ in points]
    times = [seconds for points in lines.values() for _, seconds in points]
    high = round_up(max(times))
    ticks = tuple(10.0**power for power in range(-1, math.floor(math.log10(high)) + 1))
    x = Axis("bots", 1, max(counts), tuple(sorted(set(counts))), log=True)
    y = Axis("seconds", 0.1, high, ticks, log=True)
    return plot("From the start of the process until every bot is connected", x, y, lines)
