"""What only few lanes need, computed only where one does, in a loop that stays packed.

A branch would keep LLVM from packing a loop, and computing the rare case for all lanes would
slow the common one. So the rare case is a function of its own, beside which stand variants for
2, 4, 8 and 16 lanes at once, announced in LLVM's `vector-function-abi-variant`: each looks whether
any of its lanes needs the function, and returns at once if none does.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from gradiometer.numeric.kernel_lane import FLOAT, Formula, Lane

WIDTHS = (2, 4, 8, 16)


def where_far(x: Lane, formula: Formula, limit: float) -> Lane:
    """The formula of x where |x| is beyond a limit; elsewhere x itself, also for NaN."""
    module = x.builder.module
    name = f"lane_{formula.__name__}"
    function = module.globals.get(name)
    if function is None:
        function = _write_scalar(module, name, formula, limit)
        many = [_write_many(module, function, width, limit) for width in WIDTHS]
        _announce(module, function, many)
    return Lane(x.builder, x.builder.call(function, [x.held]))


def _declare(module: Any, name: str, kind: Any) -> Any:
    function = ir.Function(module, ir.FunctionType(kind, [kind]), name)
    function.linkage = "internal"
    for attribute in ("noinline", "nounwind"):
        function.attributes.add(attribute)
    return function


def _is_far(builder: Any, x: Any, limit: float) -> Any:
    """Whether one number, or which of several, are beyond the limit."""
    above, below = limit, -limit
    if isinstance(x.type, ir.VectorType):
        above, below = [limit] * x.type.count, [-limit] * x.type.count
    return builder.or_(
        builder.fcmp_ordered(">", x, ir.Constant(x.type, above)),
        builder.fcmp_ordered("<", x, ir.Constant(x.type, below)),
    )


def _write_scalar(module: Any, name: str, formula: Formula, limit: float) -> Any:
    function = _declare(module, name, FLOAT)
    builder = ir.IRBuilder(function.append_basic_block())
    (x,) = function.args
    with builder.if_then(_is_far(builder, x, limit), likely=False):
        builder.ret(formula(Lane(builder, x)).held)
    builder.ret(x)
    return function


def _write_many(module: Any, function: Any, width: int, limit: float) -> Any:
    """The variant for several lanes."""
    many = _declare(module, f"{function.name}_{width}", ir.VectorType(FLOAT, width))
    builder = ir.IRBuilder(many.append_basic_block())
    (x,) = many.args
    mask = ir.IntType(width)
    far = builder.bitcast(_is_far(builder, x, limit), mask)
    with builder.if_then(builder.icmp_unsigned("!=", far, ir.Constant(mask, 0)), likely=False):
        made = x
        for place in (ir.Constant(ir.IntType(32), i) for i in range(width)):
            one = builder.call(function, [builder.extract_element(x, place)])
            made = builder.insert_element(made, one, place)
        builder.ret(made)
    builder.ret(x)
    return many


def _announce(module: Any, function: Any, many: list[Any]) -> None:
    """Tell LLVM of the variants, and that they are used before they are."""
    names = (f"_ZGV_LLVM_N{width}v_{function.name}({f.name})"
             for width, f in zip(WIDTHS, many, strict=True))  # fmt: skip
    # `add` of llvmlite's own set refuses attributes that it does not know.
    for attribute in ("readnone", "willreturn",
                      f'"vector-function-abi-variant"="{",".join(names)}"'):  # fmt: skip
        set.add(function.attributes, attribute)
    pointer = ir.IntType(8).as_pointer()
    kept = ir.ArrayType(pointer, len(many))
    used: Any = ir.GlobalVariable(module, kept, "llvm.compiler.used")
    used.linkage, used.section = "appending", "llvm.metadata"
    used.initializer = ir.Constant(kept, [f.bitcast(pointer) for f in many])
