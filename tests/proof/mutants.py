"""Single edits of plain JSON, for certificates that must not survive them."""

import copy

from gradiometer.proof.check import fingerprint

BODY = ("problem", "claim", "evidence")


def with_own_fingerprint(certificate):
    """The certificate with the fingerprint of what it now holds, as a forger would write it."""
    body = [certificate[part] for part in BODY]
    return {**certificate, "fingerprint": fingerprint(*body)}


def edits(value, path=()):
    """Every single edit of *value*: pairs of a path and the edited whole."""
    if isinstance(value, dict):
        for key in value:
            yield (*path, key, "gone"), {k: v for k, v in value.items() if k != key}
            for where, part in edits(value[key], (*path, key)):
                yield where, {**value, key: part}
        yield (*path, "one too many"), {**value, "surplus": 1}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*path, index, "gone"), value[:index] + value[index + 1 :]
            yield (*path, index, "twice"), [*value[: index + 1], *value[index:]]
            for where, part in edits(item, (*path, index)):
                yield where, [*value[:index], part, *value[index + 1 :]]
    else:
        for name, other in others(value).items():
            yield (*path, name), other


def others(leaf):
    """Other values in the place of one plain value."""
    if leaf is None:
        return {"zero": "0", "zero number": 0, "false": False, "left": "left", "right": "right"}
    if isinstance(leaf, bool):
        return {"flipped": not leaf, "as a number": int(leaf), "missing": None}
    if isinstance(leaf, int):
        kinds = {"as text": str(leaf), "as a float": leaf + 0.5, "missing": None, "list": [leaf]}
        return {"less": leaf - 1, "more": leaf + 1, "negative": -leaf - 1, **kinds}
    kinds = {"missing": None, "number": 1, "list": [leaf], "empty": "", "no formula": leaf + "*"}
    words = {"cycle", "converges", "diverges", "escapes", "unknown", "trapped", "stays"}
    if leaf in words:
        return {**{word: word for word in words - {leaf}}, **kinds}
    return {
        "shifted": f"{leaf} + 1/7",
        "scaled": f"2*({leaf})",
        "a little more": _bumped(leaf),
        "opposite": leaf[1:] if leaf.startswith("-") else f"-{leaf}",
        **kinds,
    }


def _bumped(text):
    """The number with its last digit changed; of a formula, its first digit."""
    for index in reversed(range(len(text))):
        if text[index].isdigit():
            return text[:index] + str((int(text[index]) + 1) % 10) + text[index + 1 :]
    return text + "1"


def mutants(certificate, part):
    """Every single edit of one part of a certificate, with the old fingerprint."""
    for path, edited in edits(certificate[part]):
        yield path, {**copy.deepcopy(certificate), part: edited}


def edited(certificate, *changes):
    """The certificate with other values at some paths, and a fingerprint that fits again."""
    copied = copy.deepcopy(certificate)
    for path, value in changes:
        place = copied
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value
    return with_own_fingerprint(copied)


def survivors(certificate, part, is_refused):
    """Paths of the edits of one part that are not refused once the fingerprint fits again."""
    found, count = [], 0
    for path, mutant in mutants(certificate, part):
        count += 1
        if not is_refused(with_own_fingerprint(mutant)):
            found.append(path)
    return found, count
