"""Render the report, which shows pairs side by side with shared code marked; all text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from harness.similarity._compare import Pair, Slice, Text
from harness.text import neutral

_STYLE = (
    "body{font-family:sans-serif;margin:2em}td,th{padding:.2em .8em;text-align:left}"
    ".pair{display:flex;gap:1em}.pair pre{flex:1;overflow:auto;max-height:40em;border:1px solid #999;padding:.5em}"
)
_PREFACE = (
    "Similar code has many honest causes: the hand-out, a tutorial, a common idea, a group. "
    "This is a list of code to look at, not of people who did wrong."
)


def report_html(task: str, pairs: Sequence[Pair], compared: int) -> str:
    """Return a self-contained page that shows `pairs` in the given order."""
    rows = "".join(
        f'<tr><td><a href="#p{number}">{escape(pair.first.name)}</a></td><td>{pair.shares[0]:.0%}</td>'
        f"<td>{escape(pair.second.name)}</td><td>{pair.shares[1]:.0%}</td></tr>"
        for number, pair in enumerate(pairs)
    )
    details = "".join(_detail(number, pair) for number, pair in enumerate(pairs))
    head = f'<meta charset="utf-8"><title>Similar code: {escape(task)}</title><style>{_STYLE}</style>'
    body = f"<h1>Similar code: {escape(task)}</h1><p>{_PREFACE}</p><p>{len(pairs)} of {compared} pairs.</p>"
    table = f"<table><tr><th>submission</th><th>shared</th><th>with</th><th>shared</th></tr>{rows}</table>"
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}{table}{details}</body></html>\n'


def _detail(number: int, pair: Pair) -> str:
    title = f"{escape(pair.first.name)} and {escape(pair.second.name)}"
    sides = "".join(
        f"<pre>{_marked(text, slices)}</pre>"
        for text, slices in zip((pair.first, pair.second), pair.slices, strict=True)
    )
    return f'<h2 id="p{number}">{title}</h2><div class="pair">{sides}</div>'


def _marked(text: Text, slices: Sequence[Slice]) -> str:
    pieces, end = [], 0
    for start, stop in sorted(slices):
        begin = max(start, end)
        if stop <= begin:
            continue
        pieces += [escape(neutral(text.code[end:begin])), f"<mark>{escape(neutral(text.code[begin:stop]))}</mark>"]
        end = stop
    return "".join([*pieces, escape(neutral(text.code[end:]))])
