"""Ways in which people write the same derivation down, and the line on which each step stands."""


def as_chain(row):
    """The definitions, then one step a line, each line beginning with its relation."""
    given = list(row.get("where", ()))
    first, *rest = row["lines"]
    steps = [f"{first} = {rest[0]}", *(f"  = {line}" for line in rest[1:])]
    return "\n".join([*given, *steps]), len(given)


def as_restated(row):
    """The left side is written again on every line, with words and labels round it."""
    given = [f"Let {text}." for text in row.get("where", ())]
    first, *rest = row["lines"]
    leads = ["We get ", "⇒ ", "so ", "∴ ", "hence "]
    steps = [
        f"{leads[place % len(leads)]}{first} = {line}   --- ({place + 1})"
        for place, line in enumerate(rest)
    ]
    return "\n".join(["Solution", *given, *steps]), len(given) + 1


def as_markdown(row):
    """A heading, prose, and the steps in a fence, the left side on a line of its own."""
    given = [f"where {text}" for text in row.get("where", ())]
    first, *rest = row["lines"]
    head = ["# A step at a time", "", "It is given that", *given, "", "```", first]
    steps = [f" = {line}" for line in rest]
    return "\r\n".join([*head, *steps, "```", "which was to be shown."]), len(head)


LAYOUTS = (as_chain, as_restated, as_markdown)

KINDS = {
    "exponent": {"exponent", "power rule", "quotient rule", "inner derivative"},
    "factor": {"factor", "coefficient", "power rule", "quotient rule", "linear function",
               "power of a sum"},
    "inner factor": {"inner derivative", "factor", "coefficient", "power rule"},
    "inner factor dropped": {"inner derivative", "factor", "coefficient"},
    "logarithm of a sum": {"logarithm"},
    "lost kink": {"lost kink"},
    "outer factor": {"power rule", "factor", "coefficient"},
    "path dropped": {"term dropped", "product rule"},
    "product read as sum": {"product and sum"},
    "sign": {"sign", "bracket", "quotient rule", "product rule", "coefficient", "inner derivative"},
    "term dropped": {"term dropped", "product rule"},
    "the root of a square is a size": {"root of a square"},
    "wrong side of the kink": {"lost kink"},
}  # fmt: skip
"""For each slip that is planted by a change of the text, the kinds of mistake that it is."""
