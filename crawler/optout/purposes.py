"""The words of signals against the purposes of a spider, and the one function that says what signals refuse.

How a refused usage reaches a purpose (`PURPOSES_OF`):

* `fetch`: everything. A server that answers 402, 403, 429 or 451 refuses the request, whatever it was for.
* `index`, `search`: the index. `noindex` and AIPREF's `search=n` both keep a page out of it.
* `archive`: `noarchive` and `nocache` forbid keeping a copy to show.
* `train-ai`, `ai-input`: training, and biometric databases: a face template is computed by a trained model and kept as
  the data of another one.
* `tdm`: text and data mining is "any automated analytical technique aimed at analysing text and data in digital form in
  order to generate information" (Directive (EU) 2019/790, Art. 2(2)). Training, biometrics, monitoring and research are
  such techniques. Art. 3 spares research organisations, which is a quality of the crawler's operator and not of its
  purpose: an operator who is one says so in a permission. Commercial reuse goes beyond mining, so that whoever reserves
  mining has not given reuse away. An index and an archive reproduce without analysing, and have signals of their own.
* `follow`: no purpose. The page may be used, its links are not followed; `follows` answers that.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from ..model import Basis, Purpose, Signal, Usage

__all__ = [
    "AI_PURPOSES",
    "AI_USAGES",
    "PURPOSES_OF",
    "USAGES_OF",
    "Mode",
    "Refusal",
    "files_wanted",
    "follows",
    "refusals",
    "stance",
]

Mode = Literal["strict", "rfc"]
"""Whether what cannot be read refuses (`strict`), or the letter of the specification holds (`rfc`)."""

AI_PURPOSES: Final = frozenset({Purpose.TRAIN_AI, Purpose.BIOMETRIC})
"""For these a statement that cannot be read refuses."""
AI_USAGES: Final = frozenset({Usage.TRAIN_AI, Usage.AI_INPUT, Usage.TDM})
"""For these a statement that cannot be read is a refusal in strict mode."""

PURPOSES_OF: Final = {
    Usage.FETCH: frozenset(Purpose),
    Usage.INDEX: frozenset({Purpose.INDEX}),
    Usage.ARCHIVE: frozenset({Purpose.ARCHIVE}),
    Usage.SEARCH: frozenset({Purpose.INDEX}),
    Usage.TRAIN_AI: AI_PURPOSES,
    Usage.AI_INPUT: AI_PURPOSES,
    Usage.TDM: AI_PURPOSES | {Purpose.RESEARCH, Purpose.MONITORING, Purpose.COMMERCIAL_REUSE},
    Usage.FOLLOW: frozenset[Purpose](),
}
"""Usage -> the purposes that its refusal reaches; the reasons stand at the head of this file."""
USAGES_OF: Final = {p: frozenset(u for u, reached in PURPOSES_OF.items() if p in reached) for p in Purpose}
"""Purpose -> the usages that must not be refused for it."""

_TDMREP_RANK: Final = ("/.well-known/", "header ", "meta ")
"""TDMRep: the file gives way to the header, the header to the page (section 'processing priority')."""


class Refusal(NamedTuple):
    """A signal that refuses, and for which of the purposes asked about."""

    signal: Signal
    purposes: frozenset[Purpose]
    basis: Basis


def refusals(signals: Iterable[Signal], purposes: frozenset[Purpose], mode: Mode = "strict") -> tuple[Refusal, ...]:
    """Every signal that refuses one of `purposes`.

    Deny overrides. A signal that could not be read refuses AI purposes in strict mode, as AMBIGUOUS.
    """
    found = []
    for signal in _in_force(signals, mode):
        reached = frozenset().union(*(PURPOSES_OF[usage] for usage in signal.usages)) & purposes
        basis = signal.basis
        if signal.verdict == "unknown":
            reached = reached & AI_PURPOSES if mode == "strict" else frozenset()
            basis = Basis.AMBIGUOUS
        if signal.verdict != "allow" and reached:
            found.append(Refusal(signal, reached, basis))
    return tuple(found)


def stance(signals: Iterable[Signal], usage: Usage, mode: Mode = "strict") -> Literal["allow", "disallow", "unset"]:
    """What signals say of one usage; `unset` where none speaks, which is never a permission."""
    found = set()
    for signal in _in_force(signals, mode):
        if signal.verdict == "disallow" and signal.usages & {usage, Usage.FETCH}:
            return "disallow"
        if usage in signal.usages:
            found.add(signal.verdict)
    if "unknown" in found and mode == "strict" and usage in AI_USAGES:
        return "disallow"
    return "allow" if "allow" in found else "unset"


def follows(signals: Iterable[Signal]) -> bool:
    """Whether the links of the page may be followed."""
    return not any(signal.verdict == "disallow" and Usage.FOLLOW in signal.usages for signal in signals)


def files_wanted(purposes: frozenset[Purpose]) -> tuple[str, ...]:
    """Paths of the files, robots.txt aside, that must have been read before pages are fetched for these purposes."""
    wanted = (("/.well-known/tdmrep.json", Usage.TDM), ("/ai.txt", Usage.TRAIN_AI))
    return tuple(path for path, usage in wanted if PURPOSES_OF[usage] & purposes)


def _in_force(signals: Iterable[Signal], mode: Mode) -> list[Signal]:
    """All signals; by the letter of TDMRep without those that a later station of the same protocol supersedes."""
    kept = list(signals)
    if mode == "strict":
        return kept
    ranks = [_rank(signal) for signal in kept]
    highest = max(ranks, default=-1)
    return [signal for signal, rank in zip(kept, ranks, strict=True) if rank in {-1, highest}]


def _rank(signal: Signal) -> int:
    """Place in TDMRep's order of precedence; -1 where the signal states no reservation."""
    if signal.name != "tdmrep" or signal.verdict == "unknown":
        return -1
    return next((rank for rank, head in enumerate(_TDMREP_RANK) if signal.place.startswith(head)), -1)
