"""The wheel as a drawing: a cluster of dots for each stage on a ring, ribbons for the flows between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, hypot, pi, sin, sqrt

from orchestrator.insight.page.report import Flow, StageFigures

WIDTH, HEIGHT = 780, 724
_CENTRE = (394.0, 392.0)
_RADIUS = 226.0
_CORNERS = ((98.0, 102.0), (682.0, 102.0), (682.0, 640.0), (98.0, 640.0))
"""Where places outside the ring stand."""
_DOTS = 240
"""Dots on the whole drawing, about."""
_GOLDEN = pi * (3 - sqrt(5))
_DOT = 6.0
"""Distance between dots near the middle of a cluster."""
_EMPTY = 15.0
"""Radius of a place where nobody stands."""
_GAP = 9.0
_THINNEST, _THICKEST = 1.8, 34.0
_LABELLED = 0.03
"""Share of the largest flow from which on a flow has its number beside it."""
_CURVE_POINTS = 26

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """A stage on the drawing."""

    stage: StageFigures
    x: float
    y: float
    radius: float
    dots: str
    """An SVG path of one point a dot."""
    label: Point
    anchor: str
    """`start`, `middle` or `end`: how the label stands to its point."""


@dataclass(frozen=True, slots=True)
class Ribbon:
    """A flow on the drawing, from one colour to the other."""

    flow: Flow
    source: int
    target: int
    shape: str
    start: Point
    end: Point
    label: Point | None


@dataclass(frozen=True, slots=True)
class Ring:
    width: int
    height: int
    centre: Point
    radius: float
    dot_is: int
    """How many customers one dot stands for."""
    places: tuple[Place, ...]
    ribbons: tuple[Ribbon, ...]


def draw_ring(stages: Sequence[StageFigures], flows: Sequence[Flow]) -> Ring:
    """Lay the wheel out: the first stage at the top, then clockwise; outside places in the corners."""
    dot_is = _dot_is(sum(stage.now for stage in stages))
    on_ring = [stage for stage in stages if not stage.outside]
    places = [_place(stage, _at(stage, len(on_ring)), dot_is, len(on_ring)) for stage in stages]
    by_name = {place.stage.name: place for place in places}
    most = max((flow.count for flow in flows), default=1)
    shown = [flow for flow in flows if flow.source != flow.target and {flow.source, flow.target} <= set(by_name)]
    ribbons = tuple(_ribbon(flow, by_name[flow.source], by_name[flow.target], most, len(on_ring)) for flow in shown)
    return Ring(WIDTH, HEIGHT, _CENTRE, _RADIUS, dot_is, tuple(places), ribbons)


def _dot_is(customers: int) -> int:
    """1, 2, 5, 10, 20, … so that the dots are neither few nor countless."""
    size = 1
    while customers / size > _DOTS:
        size = size * 5 // 2 if str(size)[0] == "2" else size * 2
    return size


def _at(stage: StageFigures, count: int) -> Point:
    if stage.outside:
        return _CORNERS[(stage.number - count) % len(_CORNERS)]
    angle = 2 * pi * stage.number / count - pi / 2
    return _CENTRE[0] + _RADIUS * cos(angle), _CENTRE[1] + _RADIUS * sin(angle)


def _place(stage: StageFigures, at: Point, dot_is: int, count: int) -> Place:
    dots = -(-stage.now // dot_is)
    room = pi * _RADIUS / count * 0.86
    spacing = min(_DOT, room / sqrt(dots)) if dots else _DOT
    radius = max(_EMPTY, spacing * sqrt(dots) + 3)
    points = (_polar(at, spacing * sqrt(number + 0.5), number * _GOLDEN) for number in range(dots))
    label, anchor = _label(stage, at, radius)
    return Place(stage, at[0], at[1], radius, "".join(f"M{x:.1f} {y:.1f}h0" for x, y in points), label, anchor)


def _label(stage: StageFigures, at: Point, radius: float) -> tuple[Point, str]:
    """Outside the ring: above the top, below the bottom, beside the sides; beside a place in a corner, towards the middle."""
    sideways = at[0] - _CENTRE[0]
    if abs(sideways) < _RADIUS / 4:
        return (at[0], at[1] - radius - 44 if at[1] < _CENTRE[1] else at[1] + radius + 26), "middle"
    right = (sideways > 0) != stage.outside
    return (at[0] + (radius + 12 if right else -radius - 12), at[1] - 8), "start" if right else "end"


def _polar(centre: Point, radius: float, angle: float) -> Point:
    return centre[0] + radius * cos(angle), centre[1] + radius * sin(angle)


def _ribbon(flow: Flow, source: Place, target: Place, most: int, count: int) -> Ribbon:
    width = max(_THINNEST, _THICKEST * flow.count / most)
    start, end = (source.x, source.y), (target.x, target.y)
    control = _control(source, target, count, width)
    curve = _trimmed([_bezier(start, control, end, step / _CURVE_POINTS) for step in range(_CURVE_POINTS + 1)], source, target)
    label = curve[len(curve) * 11 // 20] if flow.count >= most * _LABELLED else None
    return Ribbon(flow, source.stage.number, target.stage.number, _outline(curve, width), start, end, label)


def _control(source: Place, target: Place, count: int, width: float) -> Point:
    """Neighbours are joined along the ring, others through its inside; the two directions keep to their left."""
    middle = (source.x + target.x) / 2, (source.y + target.y) / 2
    length = hypot(target.x - source.x, target.y - source.y) or 1.0
    left = (target.y - source.y) / length, (source.x - target.x) / length
    outside = source.stage.outside or target.stage.outside
    neighbours = not outside and (target.stage.number - source.stage.number) % count == 1
    bend = 0.3 * length if neighbours else 26 + width * 0.8
    return middle[0] + left[0] * bend, middle[1] + left[1] * bend


def _bezier(start: Point, control: Point, end: Point, t: float) -> Point:
    one, two, three = (1 - t) ** 2, 2 * t * (1 - t), t**2
    return one * start[0] + two * control[0] + three * end[0], one * start[1] + two * control[1] + three * end[1]


def _trimmed(curve: list[Point], source: Place, target: Place) -> list[Point]:
    """The part of the curve between the two places."""
    kept = [
        point
        for point in curve
        if hypot(point[0] - source.x, point[1] - source.y) > source.radius + _GAP
        and hypot(point[0] - target.x, point[1] - target.y) > target.radius + _GAP
    ]
    return kept if len(kept) > 2 else curve  # noqa: PLR2004 - a ribbon needs a direction at both ends


def _outline(curve: list[Point], width: float) -> str:
    """A band that ends in an arrow head."""
    head = min(8 + width * 0.55, 24)
    spine = [point for point in curve if hypot(point[0] - curve[-1][0], point[1] - curve[-1][1]) >= head] or curve[:1]
    left, right = [], []
    for number, (x, y) in enumerate(spine):
        near = spine[number + 1] if number + 1 < len(spine) else curve[-1]
        angle = atan2(near[1] - y, near[0] - x)
        dx, dy = sin(angle) * width / 2, -cos(angle) * width / 2
        left.append((x + dx, y + dy))
        right.append((x - dx, y - dy))
    (x, y), tip = spine[-1], curve[-1]
    angle = atan2(tip[1] - y, tip[0] - x)
    wide = width / 2 + 4 + width * 0.12
    dx, dy = sin(angle) * wide, -cos(angle) * wide
    points = [*left, (x + dx, y + dy), tip, (x - dx, y - dy), *reversed(right)]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + "Z"
