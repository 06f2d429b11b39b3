"""One hue a stage, the same in every drawing: round the colour circle as the wheel goes round, grey for outside."""

from __future__ import annotations

from orchestrator.insight.page.report import StageFigures

_LIGHT = ("#3f74bd", "#15888c", "#3f8f4f", "#b97e0a", "#cf5a3a", "#a04f96", "#6f62c4", "#7c6f35")
_DARK = ("#82aeea", "#4fc4c4", "#82c98c", "#e6b450", "#f0906f", "#d592cc", "#a79cf0", "#bfb06d")
_OUTSIDE = (("#8b8b90", "#8f949e"), ("#6d6f78", "#b4b8c0"), ("#a39b8f", "#7b8089"))


def stylesheet(stages: tuple[StageFigures, ...]) -> str:
    """CSS that gives each stage its colour, in light and in dark."""
    light, dark = [], []
    for stage in stages:
        one, other = _hues(stage, sum(not each.outside for each in stages))
        light.append(f"--h{stage.number}:{one}")
        dark.append(f"--h{stage.number}:{other}")
    classes = "".join(f".h{stage.number}{{--c:var(--h{stage.number})}}" for stage in stages)
    return f":root{{{';'.join(light)}}}@media(prefers-color-scheme:dark){{:root{{{';'.join(dark)}}}}}{classes}"


def _hues(stage: StageFigures, on_ring: int) -> tuple[str, str]:
    if stage.outside:
        return _OUTSIDE[(stage.number - on_ring) % len(_OUTSIDE)]
    return _LIGHT[stage.number % len(_LIGHT)], _DARK[stage.number % len(_DARK)]


def every_hue() -> str:
    """CSS that gives `s0`, `s1`, … (stages on the ring) and `o0`, … (outside) the same colours, for pages of any workspace."""
    pairs = {
        **{f"s{n}": pair for n, pair in enumerate(zip(_LIGHT, _DARK, strict=True))},
        **{f"o{n}": p for n, p in enumerate(_OUTSIDE)},
    }
    light = "".join(f".{name}{{--c:{one}}}" for name, (one, _) in pairs.items())
    dark = "".join(f".{name}{{--c:{other}}}" for name, (_, other) in pairs.items())
    return f"{light}@media(prefers-color-scheme:dark){{{dark}}}"
