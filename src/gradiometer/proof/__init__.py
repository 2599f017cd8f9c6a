"""Models and exact numbers in, certificates and the verdict of an independent checker out."""

__all__: list[str] = []
