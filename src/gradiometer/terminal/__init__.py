"""The command line in, answers on standard output and an exit code out."""

from gradiometer.terminal.program import cli, main

__all__ = ["cli", "main"]
