"""Where optax differs from papers or from torch, each with the shortest tape that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

NAN = float("nan")


@final
@dataclass(frozen=True)
class Difference:
    """One difference, on one coordinate that starts at zero."""

    rule: str
    """The rule as optax has it, under our name."""
    other: str
    """The rule that it differs from, under our name."""
    kind: str
    """`bug`, `convention` or `rounding`."""
    about: str
    settings: Mapping[str, str]
    options: Mapping[str, Any]
    """What optax's constructor gets; `made_by` names it."""
    tape: tuple[float, ...]
    theirs: tuple[float, ...]
    """The positions after each step in optax 0.2.8."""
    others: tuple[float, ...]
    """The positions after each step by the other rule."""
    upstream: str = ""
    other_settings: Mapping[str, str] | None = None
    """The settings of the other rule where they are not the same."""
    rates: tuple[float, ...] = ()
    """The learning rate of each step, where it changes."""
    loss: float = 1.0
    is_said: bool = True
    """Whether the text of the dialect says it; rounding and a missing learning rate are no text."""


DIFFERENCES = [
    Difference(
        "rprop.optax", "rprop.torch", "bug",
        "Every step is the one that was due a step before; the first one is zero.",
        {"learning_rate": "0.1"}, {"made_by": "rprop", "learning_rate": 0.1},
        (1, 1, -1, -1),
        (0, -0.1, -0.1, -0.1),
        (-0.1, -0.22, -0.22, -0.16),
        upstream="google-deepmind/optax#1725",
    ),
    Difference(
        "adan.optax", "adan", "bug",
        "The change of the gradient weighs 1 - beta2 = 0.08 where paper and code have 0.92.",
        {"learning_rate": "1", "eps": "0", "eps_root": "0"},
        {"made_by": "adan", "learning_rate": 1.0, "eps": 0.0, "eps_root": 0.0},
        (1, 2),
        (-1, -1.9462995218517936),
        (-1, -1.9073595150117089),
        upstream="google-deepmind/optax#1715",
        other_settings={"learning_rate": "1", "eps": "0"},
    ),
    Difference(
        "schedule_free_sgd.optax", "schedule_free_sgd", "bug",
        "The warm-up of the steps is one behind that of the weights, so the first step is zero.",
        {"learning_rate": "1/8", "warmup": "4"},
        {"made_by": "contrib.schedule_free_sgd", "learning_rate": 0.125, "warmup_steps": 4},
        (1, 1),
        (0, -0.025625000000000002),
        (-0.03125, -0.0825),
        upstream="google-deepmind/optax#1744",
    ),
    Difference(
        "polyak_sgd.optax", "polyak_sgd", "bug",
        "The scaling is documented as a factor of the rate; it divides it, as it enters the norm.",
        {"max_learning_rate": "1000", "scaling": "1/2"},
        {"made_by": "polyak_sgd", "max_learning_rate": 1000.0, "scaling": 0.5},
        (2,),
        (-1,),
        (-0.25,),
    ),
    Difference(
        "yogi.optax", "yogi", "bug",
        "The first mean starts at 1e-6 as the second does, so that a zero gradient moves.",
        {"learning_rate": "1"}, {"made_by": "yogi", "learning_rate": 1.0},
        (0,),
        (-0.0002758808702854398,),
        (0,),
        other_settings={"learning_rate": "1"},
    ),
    Difference(
        "dadapt_adamw.optax", "dadapt_adamw", "bug",
        "A first gradient of zero makes the distance 0/0: the run is lost from the next step on.",
        {}, {"made_by": "contrib.dadapt_adamw"},
        (0, 1),
        (0, NAN),
        (0, -7.441365882503311e-07),
    ),
    Difference(
        "prodigy.optax", "prodigy", "bug",
        "A first gradient of zero makes the distance 0/0: the run is lost at once.",
        {}, {"made_by": "contrib.prodigy"},
        (0, 1),
        (NAN, NAN),
        (0, -7.441365882503309e-07),
    ),
    Difference(
        "sam.optax", "sam", "bug",
        "A gradient of zero is divided by its norm, and 0/0 enters the other branch as 0*nan.",
        {}, {"made_by": "contrib.sam"},
        (0, 1),
        (NAN, NAN),
        (0, -0.01),
    ),
    Difference(
        "adadelta.optax", "adadelta", "bug",
        "Without a learning rate, which is the default, the sign is not flipped: it climbs.",
        {}, {"made_by": "adadelta"},
        (1,),
        (0.0031622618488986636,),
        (-0.0031622618488986636,),
        is_said=False,
    ),
    Difference(
        "amsgrad.optax", "adam.torch", "convention",
        "The largest corrected second mean is kept; torch corrects the largest one.",
        {"learning_rate": "1"}, {"made_by": "amsgrad", "learning_rate": 1.0},
        (10, 0.1),
        (-0.9999999989999999, -1.4789473669421052),
        (-0.9999999989999999, -1.6771645074885377),
        upstream="google-deepmind/optax#1389",
        other_settings={"learning_rate": "1", "amsgrad": "true"},
    ),
    Difference(
        "rmsprop.optax", "rmsprop.torch", "convention",
        "The learning rate enters the momentum: a lower rate acts only as the momentum fades.",
        {"momentum": "9/10"}, {"made_by": "rmsprop", "momentum": 0.9},
        (1, 1, 1),
        (-0.3162277502054509, -0.8302484532236627, -1.3120765543455175),
        (-0.31622775601683834, -0.8302484650393969, -0.8957197972423059),
        other_settings={"momentum": "9/10", "alpha": "9/10"},
        rates=(0.1, 0.1, 0.01),
    ),
    Difference(
        "rmsprop.optax", "rmsprop.torch", "convention",
        "eps stands under the root, where it is ten thousand times as large.",
        {"learning_rate": "1"}, {"made_by": "rmsprop", "learning_rate": 1.0},
        (1e-4,),
        (-0.9534625892455922,),
        (-3.1612779762961773,),
        other_settings={"learning_rate": "1", "alpha": "9/10"},
    ),
    Difference(
        "nadam.optax", "nadam.torch", "convention",
        "The momentum is beta1 from the first step on; in torch it rises to it.",
        {"learning_rate": "1"}, {"made_by": "nadam", "learning_rate": 1.0},
        (1,),
        (-1.473684195789474,),
        (-1.0564517677908705,),
    ),
    Difference(
        "radam.optax", "radam.torch", "convention",
        "eps is added to the corrected root; in torch to the root before its correction.",
        {"learning_rate": "1", "beta2": "9/10"},
        {"made_by": "radam", "learning_rate": 1.0, "b2": 0.9},
        (1e-8,) * 7,
        (-1e-08, -2e-08, -3e-08, -4e-08, -5e-08,
         -0.12758845327334295, -0.2926419628036863),
        (-1e-08, -2e-08, -3e-08, -4e-08, -5e-08,
         -0.10369289583214696, -0.2421324343246533),
    ),
    Difference(
        "adagrad.optax", "adagrad.torch", "convention",
        "The sum of squares starts at 1/10, in torch at 0.",
        {"learning_rate": "1"}, {"made_by": "adagrad", "learning_rate": 1.0},
        (1,),
        (-0.9534625459063866,),
        (-0.9999999999,),
    ),
    Difference(
        "adamw.optax", "adamw.torch", "convention",
        "The default of the weight decay is 1e-4, in torch 1e-2.",
        {"learning_rate": "1"}, {"made_by": "adamw", "learning_rate": 1.0},
        (1, 0, 0),
        (-0.9999999900000002, -1.669958234659113, -2.1877482023451615),
        (-0.9999999900000002, -1.6600582347581132, -2.1614146159200462),
    ),
    Difference(
        "sign_sgd.optax", "sign_sgd", "rounding",
        "XLA takes denormal numbers for zero on a CPU, and the sign of zero is zero.",
        {"learning_rate": "1"}, {"made_by": "sign_sgd", "learning_rate": 1.0},
        (1e-310,),
        (0,),
        (-1,),
        is_said=False,
    ),
    Difference(
        "adafactor.optax", "adafactor.optax", "rounding",
        "The decay of step t is computed in float32, whatever the parameters are.",
        {"multiply_by_parameter_scale": "false"},
        {"made_by": "adafactor", "multiply_by_parameter_scale": False},
        (2, 1),
        (-1, -1.6627092220146777),
        (-1, -1.6627092274874906),
        is_said=False,
    ),
    Difference(
        "madgrad.optax", "madgrad.optax", "rounding",
        "The root of the step count is computed in float32, whatever the parameters are.",
        {"learning_rate": "1", "momentum": "0"},
        {"made_by": "contrib.madgrad", "learning_rate": 1.0, "momentum": 0.0},
        (1, 1),
        (-0.9999996357834587, -1.7996321172115657),
        (-0.9999996666672223, -1.7996322034034846),
        is_said=False,
    ),
]  # fmt: skip


def lines_of_page():
    """The differences as a table of `docs/conformance.md`."""
    yield "| optax | other | kind | what | settings | gradients | optax's positions | the other's |"
    yield "|---|---|---|---|---|---|---|---|"
    for each in DIFFERENCES:
        said = ", ".join(f"{k} = {v}" for k, v in each.settings.items()) or "as given"
        said += f", rates {_numbers(each.rates)}" if each.rates else ""
        about = each.about + (f" ({each.upstream})" if each.upstream else "")
        cells = (f"`{each.rule}`", f"`{each.other}`", each.kind, about, said)
        ends = (each.tape, each.theirs, each.others)
        yield f"| {' | '.join((*cells, *map(_numbers, ends)))} |"


def _numbers(values):
    return ", ".join(f"{value:.10g}" for value in values)
