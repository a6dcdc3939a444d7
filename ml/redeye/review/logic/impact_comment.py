"""A report as a comment on a pull request: plots as text, as a comment shows no file, and no more than fits."""

from __future__ import annotations

from redeye.review.logic.model_diff import Histogram

# GitHub refuses a comment of more than 65,536 characters; counted in bytes, with room for what a job adds.
MAX_BYTES = 65_000
BAR = 16
LABEL = 14
_EIGHTHS = " ▏▎▍▌▋▊▉"
_FENCE = "```"


def draw_bars(title: str, histogram: Histogram) -> str:
    """Old and new shares beside each other, as a fenced block of at most 64 columns but for the title."""
    most = max((*histogram.old, *histogram.new, 1e-9))
    lines = [f"{'':{LABEL}} {'old':{BAR + 8}} new"]
    for label, old, new in zip(histogram.labels, histogram.old, histogram.new, strict=True):
        short = label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"
        bars = " ".join(f"{_draw_bar(share / most)}{share:7.1%}" for share in (old, new))
        lines.append(f"{short:>{LABEL}} {bars}")
    head = f"{title}: {histogram.shift:.1%} of rows in another bin"
    # What is in a fence is text, but for a fence.
    return "\n".join((_FENCE, *(line.replace(_FENCE, "'''").rstrip() for line in (head, *lines)), _FENCE))


def _draw_bar(share: float) -> str:
    whole, eighths = divmod(round(share * BAR * 8), 8)
    return f"{'█' * whole}{_EIGHTHS[eighths] if eighths else ''}".ljust(BAR)


def cut_comment(text: str, limit: int = MAX_BYTES) -> str:
    """Markdown of at most so many bytes, cut between lines and outside of a plot, which says that it is cut."""
    if len(text.encode()) <= limit:
        return text
    note = "\n\n**Cut here**, as a comment may not be longer: the whole report is `impact.html`.\n"
    kept = text.encode()[: limit - len(note.encode())].decode(errors="ignore")
    kept = kept[: kept.rindex("\n")]
    if kept.count(f"\n{_FENCE}") % 2:
        kept = kept[: kept.rindex(f"\n{_FENCE}")]
    return f"{kept.rstrip()}{note}"
