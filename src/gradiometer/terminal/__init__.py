"""Command line words in, an answer on standard output and an exit code out."""

__all__: list[str] = []
