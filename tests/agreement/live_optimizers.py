"""Runs any rule in the library of its dialect, with settings under our names."""

import importlib

from agreement.optimizer_cases import KERAS, TORCH, keras_case, torch_case


def run_live(rule, settings, gradients, start):
    """The positions that the library takes, of shape (tapes, steps + 1, *shape).

    A rule without a dialect is torch's.
    """
    library = rule.partition(".")[2] or "torch"
    if library == "optax":
        live = importlib.import_module("agreement.record_optimizers_optax")
        return live.run_optax(_optax_case(rule, settings), gradients, start)
    live = importlib.import_module("agreement.record_optimizers")
    known, make = {"torch": (TORCH, torch_case), "keras": (KERAS, keras_case)}[library]
    run = {"torch": live.run_torch, "keras": live.run_keras}[library]
    made_by = next(case.options["made_by"] for case in known if case.rule == rule)
    return run(make(rule, settings, made_by=made_by), gradients, start)


def _optax_case(rule, settings):
    from agreement.optimizer_cases_optax import case_of

    return case_of(rule, settings)
