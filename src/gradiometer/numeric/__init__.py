"""Numbers in, numbers out: float64 runs of the rules that `proof` certifies."""

from gradiometer.numeric.float_run import FloatState, advance_float, begin_float

__all__ = ["FloatState", "advance_float", "begin_float"]
