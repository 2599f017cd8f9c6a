"""Numbers beyond the range of float64: a mantissa and how often 2^512 multiplies it.

A mantissa is 0 or its size lies in [2^-256, 2^256), so a product of two neither overflows nor
underflows, and a larger exponent means a larger number. Sums drop what is 2^-512 times smaller.

Source: T. Fukushima, Numerical computation of spherical harmonics of arbitrary degree and order by
extending exponent of floating point numbers, Journal of Geodesy 86 (2012), there with 2^960.
"""

from __future__ import annotations

from gradiometer.numeric.kernel import inlined

HIGH, LOW = 2.0**256, 2.0**-256
UP, DOWN = 2.0**512, 2.0**-512

SPLIT = 134217729.0
"""2^27 + 1 cuts a float64 into two halves whose products are exact (Dekker 1971)."""

PRIME = (1 << 61) - 1


@inlined
def norm(m, e):
    """The pair with its mantissa in range, when it is off by at most one step."""
    size = abs(m)
    if size >= HIGH:
        return m * DOWN, e + 1
    if size < LOW:
        if size == 0.0:
            return 0.0, 0
        return m * UP, e - 1
    return m, e


@inlined
def widen(x):
    """The pair of any finite float64, exactly; a subnormal number needs two steps."""
    m, e = norm(x, 0)
    return norm(m, e)


@inlined
def times(m, e, n, f):
    """The product, rounded once."""
    return norm(m * n, e + f)


@inlined
def plus(m, e, n, f):
    """The sum, rounded once."""
    if e == f:
        return norm(m + n, e)
    if n == 0.0:
        return m, e
    if m == 0.0:
        return n, f
    if e > f:
        return norm(m + n * DOWN, e) if e == f + 1 else (m, e)
    return norm(n + m * DOWN, f) if f == e + 1 else (n, f)


@inlined
def relative(m, e, unit):
    """The float64 that is `m*2^(512(e - unit))`; 0 or infinite out of range."""
    while e < unit and m != 0.0:
        m *= DOWN
        e += 1
    while e > unit and abs(m) < UP:
        m *= UP
        e -= 1
    return m


@inlined
def add_residue(a, b):
    """The sum of two residues of the prime 2^61 - 1."""
    total = a + b
    return total - PRIME if total >= PRIME else total


@inlined
def times_residue(a, b):
    """The product of two residues of the prime 2^61 - 1, from halves of 31 bits."""
    a_high, a_low = a >> 31, a & 0x7FFFFFFF
    b_high, b_low = b >> 31, b & 0x7FFFFFFF
    middle = a_high * b_low + a_low * b_high
    low = a_low * b_low
    # 2^62 is 2 and 2^61 is 1 for this prime; no sum here reaches 2^63.
    total = 2 * (a_high * b_high) + (middle >> 30) + ((middle & 0x3FFFFFFF) << 31)
    total += (low & PRIME) + (low >> 61)
    total = (total & PRIME) + (total >> 61)
    return total - PRIME if total >= PRIME else total


@inlined
def exact_product(a, b):
    """The rounded product and its rounding error, both exact."""
    p = a * b
    c = SPLIT * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = SPLIT * b
    b_high = c - (c - b)
    b_low = b - b_high
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


@inlined
def pair_times(h, l, m, k):
    """The product of two pairs `h + l` and `m + k`, to about 2^-102 of its size."""
    p, r = exact_product(h, m)
    r += h * k + l * m
    s = p + r
    return s, r - (s - p)


@inlined
def pair_over(h, l, m, k):
    """The quotient of two pairs, to about 2^-100 of its size."""
    q = h / m
    p, r = exact_product(q, m)
    rest = ((h - p) - r + l) - q * k
    t = rest / m
    s = q + t
    return s, t - (s - q)


@inlined
def pair_norm(h, l, e):
    """The pair and its exponent with the leading part in range."""
    size = abs(h)
    if size >= HIGH:
        return h * DOWN, l * DOWN, e + 1
    if size < LOW and size > 0.0:
        return h * UP, l * UP, e - 1
    return h, l, e
