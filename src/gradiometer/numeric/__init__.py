"""Models and arrays in, arrays computed by generated kernels out."""

__all__: list[str] = []
