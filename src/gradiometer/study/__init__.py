"""A file of questions and claims in, their answers and one report out."""

__all__: list[str] = []
