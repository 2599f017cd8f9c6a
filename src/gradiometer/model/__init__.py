"""Formulas and catalogue text in, activations, graphs, networks, optimizers and schedules out."""

__all__: list[str] = []
