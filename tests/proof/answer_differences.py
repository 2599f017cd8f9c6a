"""How an answer of a mutant differs from the right one."""


def are_apart(old, new):
    """Whether two plain values cannot both be right."""
    if isinstance(old, list) and isinstance(new, list):
        from flint import fmpq

        ends = [fmpq(*map(int, part.split("/"))) for part in (*old, *new)]
        return ends[1] < ends[2] or ends[3] < ends[0]
    if isinstance(old, dict) and isinstance(new, dict):
        return set(old) != set(new) or any(are_apart(old[key], new[key]) for key in old)
    return old != new


LOOSE = ("bounds", "interval", "condition", "below", "above", "worked steps", "worst_gradients")
"""Facts that can be said otherwise and be as true: wider, or by another formula."""


def are_other_cycles(old, new):
    """Whether two cycles are apart wherever one begins to read the second one.

    A cycle that a run only comes close to has no first point.
    """
    size = len(old["points"]) if isinstance(old, dict) and isinstance(new, dict) else 0
    if not size or len(new["points"]) != size:
        return are_apart(old, new)
    rows = [new["points"][str(index)] for index in range(size)]
    return all(
        are_apart(old["points"], {str(i): rows[(i + turn) % size] for i in range(size)})
        for turn in range(size)
    )


def compare(old, new):
    """How the answer of a mutant differs, as a word; `false proof` is the worst."""
    words = set()
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        contradict = are_other_cycles if name == "cycle" else are_apart
        if before == after:
            continue
        if before is None or after is None or "unknown" in (before[1], after[1]):
            because = "" if after is None else after[2]
            words.add("checker" if "refused a proof" in because else "answer")
        elif name not in LOOSE and after[0] != "bounded" and contradict(before[0], after[0]):
            words.add("false proof")
        else:
            words.add("other words" if before[0] == after[0] else "answer")
    if "refused" in new:
        words = {"checker" if "CertificateError" in new["refused"][2] else "answer"}
    order = ("false proof", "checker", "answer", "other words")
    return next((word for word in order if word in words), "survived")
