"""Draw the scores of a board as one SVG for its README, legible in light and dark mode."""

from __future__ import annotations

from markupsafe import Markup

from harness import svg
from harness.leaderboard._build import Board, BoardRow, RankedGroup

_MOST = 5
_WIDTH, _GAP, _MARGIN, _HEAD = 420.0, 24.0, 20.0, 34.0
_REFERENCE = "reference/"
_STYLE = """
.paper { fill: #ffffff; stroke: #d0d7de; } text { fill: #1f2328; font: 12px system-ui, sans-serif; }
text.name { fill: #59636e; } text.title { font-weight: 600; font-size: 14px; }
.grid { stroke: #d8dee4; } .mark { stroke: #59636e; stroke-dasharray: 5 4; } .whisker { stroke-width: 2; }
.whisker.a { stroke: #0072b2; } .dot.a { fill: #0072b2; } .whisker.c { stroke: #007a5a; } .dot.c { fill: #007a5a; }
@media (prefers-color-scheme: dark) {
  .paper { fill: #14171b; stroke: #323840; } text { fill: #e4e7eb; } text.name { fill: #a3adb8; }
  .grid { stroke: #323840; } .mark { stroke: #a3adb8; }
  .whisker.a { stroke: #56b4e9; } .dot.a { fill: #56b4e9; } .whisker.c { stroke: #4cc9a0; } .dot.c { fill: #4cc9a0; }
}
"""
"""The style of the picture, with its own background, so that it is legible on any page."""


def board_picture(board: Board) -> bytes | None:
    """Return the scores of each task with intervals and baseline, on its most official data; None without any score."""
    chosen: dict[str, RankedGroup] = {}
    for group in board.groups:
        if any(row.has_score for row in group.rows):
            chosen.setdefault(group.key.task, group)
    if not chosen:
        return None
    parts: list[str] = []
    bottoms = [_MARGIN, _MARGIN]
    for task, group in chosen.items():
        column = min((0, 1), key=lambda number: bottoms[number])
        drawn = _scores(group)
        width, height = svg.size_of(drawn)
        x, y = _MARGIN + column * (_WIDTH + _GAP), bottoms[column]
        parts += [svg.words(x, y + 16, task, "title"), svg.placed(drawn, x, y + _HEAD, width, height)]
        bottoms[column] = y + _HEAD + height + _GAP
    width = 2 * _MARGIN + (_WIDTH if len(chosen) == 1 else 2 * _WIDTH + _GAP)
    paper = svg.rectangle(0.5, 0.5, width - 1, max(bottoms) - 1, "paper")
    description = (
        f"The best scores of {len(chosen)} tasks with 95 % intervals and baselines; the tables below say the same"
    )
    return svg.whole_file(width, max(bottoms), description, [paper, *parts], _STYLE)


def _scores(group: RankedGroup) -> Markup:
    scored = [row for row in group.rows if row.has_score]
    submissions = [row for row in scored if not row.record.submission.name.startswith(_REFERENCE)][:_MOST]
    rows = [row for row in scored if row in submissions or row.record.submission.name.startswith(_REFERENCE)]
    base = rows[0].record.baseline
    shown = [_row(row) for row in rows[: 2 * _MOST]]
    description = f"{group.key.metric} of {len(shown)} models; the baseline is {base.value:g}"
    return svg.forest(shown, group.key.metric, description, (base.value, f"baseline {base.value:g}"), _WIDTH)


def _row(row: BoardRow) -> svg.ForestRow:
    score, name = row.record.primary, row.record.submission.name
    assert score is not None
    return svg.ForestRow(name, score.value, score.low, score.high, "c" if name.startswith(_REFERENCE) else "a")
