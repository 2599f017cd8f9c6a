"""The table of fact names and words agrees with what the questions answer."""

import pytest

from gradiometer.errors import UsageError
from gradiometer.model import Residual, TensorGradient, TensorUse
from gradiometer.question import QUESTIONS, Answer, Claim, ask, check_claim, check_fact, proved
from gradiometer.question.fact_names import FACT_NAMES, WORDS
from gradiometer.question.gradient_tensors import to_answer

RUN = {"objective": "barrier", "set": {"learning_rate": "3/10"}}
TRAINED = {"networks": "2-2-1", "data": "moons(count=40)", "epochs": 2, "seeds": 2}
ASKED = [
    ("activation", {"formula": "relu", "compare": ["elu"]}),
    ("activation", {"formula": "1/x"}),
    ("activation", {"formula": "x"}),
    ("activation", {"formula": "-x*|x|"}),
    ("activation", {"formula": "relu", "weight_variance": "2", "bias_variance": "0"}),
    ("activation", {"formula": "a*x", "want": {"gain": "2"}, "solve": ["a"]}),
    ("gradient", {"computation": "v=a*a; c=v*|b|", "at": {"a": "1", "b": "0"}}),
    ("gradient", {"computation": "c=(a+1)*a", "at": {"a": "1"}, "top": 2}),
    ("parameters", {"networks": ["3-2-1"]}),
    ("parameters", {"networks": ["3-2-1", "3-4-1"]}),
    ("parameters", {"networks": ["3-w-1"], "vary": "w=1:3", "solve": "w", "budget": 99}),
    ("schedule", {"schedule": "step", "set": {"step_size": "15", "learning_rate": "1/10"}}),
    ("schedule", {"schedule": "onecycle", "compare": "torch"}),
    ("schedule", {"schedule": "plateau", "losses": "1,1"}),
    ("trajectory", {"objective": "x^2", "set": {"learning_rate": "3/10"}, "start": "1"}),
    ("trajectory", {"objective": "x^2", "set": {"learning_rate": "2"}, "start": "1"}),
    (
        "trajectory",
        {
            "objective": "x^4",
            "set": {"learning_rate": "2"},
            "start": "9",
            "steps": 99,
            "engine": "float64",
        },
    ),
    ("trajectory", {"objective": "barrier", "set": {"h": "1/2", "learning_rate": "3/10"}}),
    ("trajectory", {"objective": "double_well", "set": {"learning_rate": "1"}, "start": "3/10"}),
    ("trajectory", {"objective": "x^2", "start": "1", "between": "learning_rate=1/2:2:2"}),
    ("stability", {"objective": "double_well", "doublings": 1}),
    ("stability", {"objective": "x^2/2", "optimizer": "lion"}),
    ("escape", RUN),
    (
        "sweep",
        {
            "objective": "x^2",
            "set": {"learning_rate": "1/10:1:3"},
            "start": 1,
            "steps": 9,
            "prove": "0",
        },
    ),
    (
        "sweep",
        {
            "objective": "double_well",
            "set": {"learning_rate": "1:2:2"},
            "start": "3/10:1:2",
            "steps": 99,
            "prove": ["boundary", "sample:4"],
        },
    ),
    ("trajectory", {"objective": "abs(x)", "schedule": "1/(k + 1)^2", "start": "1/3", "steps": 3}),
    ("training", {**TRAINED, "dry_run": True}),
    (
        "training",
        {
            **TRAINED,
            "vary": "learning_rate=1/100,1/10,1",
            "schedule": ["constant", "step"],
            "range_test": "1e-3:1:20",
            "sharpness": 1,
            "target_loss": 1,
        },
    ),
    ("escape", {**RUN, "start": "any"}),
    ("escape", {"objective": "barrier", "optimizer": "dog", "start": "any"}),
    ("claim", {"says": "x = 1 = 2"}),
    ("claim", {"steps": ["(x + 1)^2 = x^2 + 1"]}),
]


@pytest.fixture(scope="module")
def answers():
    use = Residual("add", "x", "skip", TensorUse("add", "add", 1.0, 1.0, 1.0, 1.0))
    split = to_answer(TensorGradient("torch", "2", 1.0, (), (use,)), name="model")
    return [*(ask(question, **inputs) for question, inputs in ASKED), split]


def test_every_fact_of_an_answer_is_in_the_table(answers):
    seen = {question: set() for question in QUESTIONS}
    for answer in answers:
        seen[answer.question] |= set(answer.facts)
    assert seen == {question: set(names) for question, names in FACT_NAMES.items()}


def test_every_word_of_an_answer_is_in_the_table(answers):
    found = [
        (name, fact.value)
        for answer in answers
        for name, fact in answer.facts.items()
        if name in WORDS and isinstance(fact.value, str)
    ]
    regimes = next(answer for answer in answers if answer.question == "escape").facts["regimes"]
    found += [("outcome", row["outcome"]) for row in regimes.value]
    assert {name for name, _ in found} == set(WORDS)
    for name, word in found:
        check_fact("", name, word, present=WORDS)


@pytest.mark.parametrize(
    ("fact", "equals", "known", "hint"),
    [
        ("monotone", "increassing", "increasing", "write `increasing`"),
        ("monotone", "neither", "none", ""),
        ("monotone", False, "none", "write `none`"),
        ("convex", True, "convex", ""),
        ("smoothness", "C1", "C^1", "write `C^1`"),
    ],
)
def test_a_word_that_is_never_said_is_refused_with_those_that_are(fact, equals, known, hint):
    answer = Answer("activation", {}, {fact: proved("none", "")})
    with pytest.raises(UsageError) as caught:
        check_claim(answer, Claim(fact=fact, equals=equals))
    assert known in caught.value.known
    assert caught.value.hint == hint


def test_a_wrong_word_deep_in_a_list_is_refused_too():
    answer = Answer("escape", {}, {"regimes": proved([{"outcome": "escapes"}], "")})
    for claim in (
        Claim(fact="regimes.0.outcome", equals="escape"),
        Claim(fact="regimes", equals=[{"outcome": "escape"}]),
    ):
        with pytest.raises(UsageError, match="escape"):
            check_claim(answer, claim)


def test_a_high_order_of_smoothness_is_a_word():
    answer = Answer("activation", {}, {"smoothness": proved("C^7", "")})
    assert check_claim(answer, Claim(fact="smoothness", equals="C^7")).holds is True
    assert check_claim(answer, Claim(fact="smoothness", equals="C^8")).holds is False


def test_a_part_called_like_a_fact_has_words_of_its_own():
    check_fact("training", "claims.improves_accuracy.verdict", True)
    check_fact("training", "claims.improves_accuracy.verdict", "no")
    with pytest.raises(UsageError, match="never `diverges`"):
        check_fact("training", "claims.improves_accuracy.verdict", "diverges")
    with pytest.raises(UsageError, match="never `yes`"):
        check_fact("trajectory", "verdict", True)
