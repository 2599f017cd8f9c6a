"""Facts follow from claims by stated rules: hand-written claims give the true facts, and only them.

The claims here are those that a checker would have accepted; the truth of each fact is elementary.
"""

import pytest

from gradiometer.proof import agrees, derive

FLAT = (0,)


def number(exact, decimal=None):
    return {"exact": exact, "decimal": decimal or exact, "ball": None}


def infinity(sign=""):
    return {"exact": None, "decimal": f"{sign}inf", "ball": None}


def section(on, signs, lower, upper, attained=(False, False), *, turns=()):
    return {
        "on": on,
        "signs": list(signs),
        "turns": [{"at": at, "value": value} for at, value in turns],
        "lower": lower,
        "upper": upper,
        "lower_attained": attained[0],
        "upper_attained": attained[1],
    }


def joint(at, values, slopes=(None, None), *, jump=False, kink=False, order=None):
    names = ("left_value", "value", "right_value")
    row = dict(zip(names, values, strict=True))
    sides = {"left_slope": slopes[0], "right_slope": slopes[1]}
    return {"at": at, **row, **sides, "jump": jump, "kink": kink, "order": order}


def part(kind, formula, claim, **problem):
    return {
        "kind": kind,
        "problem": {"formula": formula, "variable": "x", **problem},
        "claim": claim,
        "evidence": {},
    }


def profile(formula, order, sections, points=()):
    rows = [{"at": at, "value": value} for at, value in points]
    return part("profile", formula, {"sections": list(sections), "points": rows}, order=order)


def joints(formula, rows, *, everywhere=True, lone=False):
    return part("joints", formula, {"everywhere": everywhere, "lone": lone, "joints": rows})


RELU6 = "min(max(x, 0), 6)"
RELU6_PARTS = [
    profile(
        RELU6,
        0,
        [
            section("(-oo, 0)", FLAT, "0", "0"),
            section("[0, 6)", (1,), "0", "6", (True, False)),
            section("[6, oo)", FLAT, "6", "6", (True, False)),
        ],
    ),
    profile(
        RELU6,
        1,
        [
            section("(-oo, 0)", FLAT, "0", "0"),
            section("[0, 6)", FLAT, "1", "1"),
            section("[6, oo)", FLAT, "0", "0"),
        ],
    ),
    joints(
        RELU6,
        [
            joint("0", ("0", "0", "0"), ("0", "1"), kink=True),
            joint("6", ("6", "6", "6"), ("1", "0"), kink=True),
        ],
    ),
    part("witness", RELU6, {"fails": "odd"}),
    part("witness", RELU6, {"fails": "even"}),
]
RELU6_FACTS = {
    "range": {"lower": number("0"), "upper": number("6"), "lower_closed": True,
              "upper_closed": True, "text": "[0, 6]"},
    "minimum": {"at": number("-17"), "value": number("0")},
    "maximum": {"at": number("6"), "value": number("6")},
    "monotone": "nondecreasing",
    "convex": "none",
    "lipschitz": number("1"),
    "limit_left": number("0"),
    "limit_right": number("6"),
    "slope_left": number("0"),
    "vanishes_left": True,
    "vanishes_right": True,
    "continuous": True,
    "kinks": [
        {"at": number("0"), "left_slope": number("0"), "right_slope": number("1")},
        {"at": number("6"), "left_slope": number("1"), "right_slope": number("0")},
    ],
    "jumps": [],
    "smoothness": "C^0",
    "dead": [
        {"lower": infinity("-"), "upper": number("0"), "lower_closed": False,
         "upper_closed": False},
        {"lower": number("6"), "upper": infinity(), "lower_closed": False,
         "upper_closed": False},
    ],
    "affine": False,
    "polynomial": False,
    "odd": False,
    "even": False,
    "periodic": "none",
    "suitable": True,
}  # fmt: skip

SHRINK = "where(abs(x) > 1/2, x, 0)"
SHRINK_PARTS = [
    profile(
        SHRINK,
        0,
        [
            section("(-oo, -1/2)", (1,), "-oo", "-1/2"),
            section("[-1/2, 1/2]", FLAT, "0", "0", (True, True)),
            section("(1/2, oo)", (1,), "1/2", "oo"),
        ],
    ),
    joints(
        SHRINK,
        [
            joint("-1/2", ("-1/2", "0", "0"), jump=True),
            joint("1/2", ("0", "0", "1/2"), jump=True),
        ],
    ),
    part("symmetry", SHRINK, {"symmetry": "odd"}),
]
SHRINK_FACTS = {
    "range": [
        {"lower": infinity("-"), "upper": number("-1/2", "-0.5"), "lower_closed": False,
         "upper_closed": False},
        {"lower": number("0"), "upper": number("0"), "lower_closed": True, "upper_closed": True},
        {"lower": number("1/2", "0.5"), "upper": infinity(), "lower_closed": False,
         "upper_closed": False},
    ],
    "minimum": "none",
    "maximum": "none",
    "monotone": "nondecreasing",
    "convex": "none",
    "lipschitz": infinity(),
    "continuous": False,
    "smoothness": "discontinuous",
    "odd": True,
    "affine": False,
}  # fmt: skip

BUMP = "e^(-x^2)"
BUMP_PARTS = [
    profile(BUMP, 0, [section("(-oo, oo)", (1, -1), "0", "0", turns=[("0", "1")])]),
    joints(BUMP, []),
    part("symmetry", BUMP, {"symmetry": "even"}),
    part("form", BUMP, {"polynomial": False, "affine": False, "almost": False}),
]
BUMP_FACTS = {
    "range": {"lower": number("0"), "upper": number("1"), "lower_closed": False,
              "upper_closed": True},
    "minimum": "none",
    "maximum": {"at": number("0"), "value": number("1")},
    "monotone": "none",
    "even": True,
    "smoothness": "C^oo",
    "periodic": "none",
    "polynomial": False,
    "suitable": True,
}  # fmt: skip

CASES = [
    (RELU6, RELU6_PARTS, RELU6_FACTS),
    (SHRINK, SHRINK_PARTS, SHRINK_FACTS),
    (BUMP, BUMP_PARTS, BUMP_FACTS),
]


@pytest.mark.parametrize(("formula", "parts", "facts"), CASES)
def test_claims_give_the_true_facts(formula, parts, facts):
    derived = derive(formula, {}, parts)
    for name, value in facts.items():
        assert name in derived, name
        assert agrees(value, derived[name]), (name, derived[name])


@pytest.mark.parametrize(("formula", "parts", "facts"), CASES)
def test_claims_agree_with_no_fact_of_another_function(formula, parts, facts):
    derived = derive(formula, {}, parts)
    for _, _, other in CASES:
        for name, value in other.items():
            if name in facts and facts[name] != value:
                assert not agrees(value, derived[name]), name


def test_parts_about_another_function_say_nothing():
    assert derive("max(x, 0)", {}, RELU6_PARTS) == {}


def test_numbers_spelled_in_another_way_are_the_same_function():
    assert "range" in derive("min(max(x, 0), 6.0)", {}, RELU6_PARTS)


@pytest.mark.parametrize("missing", range(3))
def test_a_fact_needs_all_its_parts(missing):
    rest = [row for index, row in enumerate(RELU6_PARTS) if index != missing]
    derived = derive(RELU6, {}, rest)
    needs = [
        ("range", "minimum", "monotone"),
        ("lipschitz", "slope_range"),
        ("kinks", "continuous"),
    ]
    assert not set(needs[missing]) & set(derived)


def test_closed_ends_and_attained_values_are_told_apart():
    derived = derive(RELU6, {}, RELU6_PARTS)
    open_range = {**RELU6_FACTS["range"], "upper_closed": False}
    assert not agrees(open_range, derived["range"])
    assert not agrees({"at": number("3"), "value": number("6")}, derived["maximum"])
    assert not agrees({"at": number("1"), "value": number("0")}, derived["minimum"])
    assert not agrees(number("1.0000000000000000000001"), derived["lipschitz"])
    assert not agrees("increasing", derived["monotone"])
    assert not agrees(1, derived["continuous"])


def test_an_enclosure_backs_wider_balls_only():
    value = ["-17/100", "-33/200"]
    valley = [profile("f(x)", 0, [section("(-oo, oo)", (-1, 1), "0", "oo", turns=[("0", value)])])]
    valley[0]["problem"]["formula"] = "x"
    derived = derive("x", {}, valley)["minimum"]
    wide = {"exact": None, "decimal": "-0.1675", "ball": ["-0.1675", "0.01"]}
    narrow = {"exact": None, "decimal": "-0.1675", "ball": ["-0.1675", "0.0001"]}
    assert agrees({"at": number("0"), "value": wide}, derived)
    assert not agrees({"at": number("0"), "value": narrow}, derived)
    assert not agrees({"at": number("0"), "value": number("-67/400", "-0.1675")}, derived)
    wrong_decimal = {**wide, "decimal": "-5"}
    assert not agrees({"at": number("0"), "value": wrong_decimal}, derived)


def test_mirrored_turns_are_equal_only_with_a_part_that_says_even():
    turns = [(["-11/10", "-1"], ["1/3", "1/2"]), ("0", "0"), (["1", "11/10"], ["1/3", "1/2"])]
    course = section("(-oo, oo)", (1, -1, 1, -1), "-oo", "-oo", turns=turns)
    alone = [profile("x", 0, [course])]
    even = [*alone, part("symmetry", "x", {"symmetry": "even"})]
    assert "maximum" not in derive("x", {}, alone)
    assert len(derive("x", {}, even)["maximum"].places) == 2
    crowded = section(
        "(-oo, oo)", (1, -1, 1, -1, 1, -1), "-oo", "-oo",
        turns=[*turns, ("21/20", "0"), (["11/10", "6/5"], ["1/3", "1/2"])],
    )  # fmt: skip
    assert "maximum" not in derive("x", {}, [profile("x", 0, [crowded]), even[1]])


def test_means_of_another_variance_say_nothing():
    row = part("moment", "x", {"digits": "2.00000000000000000000000000000e0"})
    row["problem"] |= {"of": "square", "variance": "2"}
    assert "second_moment" not in derive("x", {"variance": "1"}, [row])
    derived = derive("x", {"variance": "2"}, [row])
    assert agrees(number("2"), derived["second_moment"])
    assert agrees(number("1"), derived["gain"])
    assert not agrees(number("2.0000001"), derived["second_moment"])


def test_the_phase_needs_a_function_without_jumps():
    claim = {"point": "0", "chi": "1/2", "unique": False}
    asked = {"weight_variance": "1/2", "bias_variance": "0"}
    rest = part("fixed_point", "x", claim, **asked)
    calm = joints("x", [])
    broken = joints("x", [joint("0", ("-1", "0", "1"), jump=True)])
    assert derive("x", asked, [rest, calm])["phase"] == "ordered"
    assert "phase" not in derive("x", asked, [rest, broken])
    assert derive("x", {**asked, "bias_variance": "1"}, [rest, calm]).get("phase") is None
