#!/usr/bin/env python3
"""Prints the minimax polynomials of src/backends/cpu/kernels/simd/math.hpp and src/ops/gates.hpp (needs mpmath).

Each fit minimises the largest weighted error of q over its interval with the exchange algorithm of Remez, in 60 digits, and then
rounds the coefficients to float; the first one is fixed before the others are fitted, which makes up for most of its rounding.
"""

import struct

from mpmath import asin, atan, cos, erf, erfc, exp, linspace, log, lu_solve, matrix, mp, mpf, ncdf, pi, sin, sinh, sqrt

mp.dps = 60


def to_float(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def remez(f, weight, low, high, degree):
    """Coefficients of the degree-n polynomial p that minimises max |weight(x) (f(x) - p(x))|."""
    n = degree + 2
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / (n - 1)) for i in range(n)]
    grid = linspace(low, high, 600)
    values = [(f(x), weight(x)) for x in grid]
    for _ in range(12):
        a = matrix(n, n)
        b = matrix(n, 1)
        for i, x in enumerate(nodes):
            for k in range(degree + 1):
                a[i, k] = x**k
            a[i, degree + 1] = (-1) ** i / weight(x)
            b[i] = f(x)
        solution = lu_solve(a, b)
        coefficients = [solution[k] for k in range(degree + 1)]
        errors = [w * (v - horner(coefficients, x)) for x, (v, w) in zip(grid, values)]
        nodes = alternating_extrema(grid, errors, n)
        worst = max(abs(e) for e in errors)
        if worst < abs(solution[degree + 1]) * mpf("1.0001"):
            break
    return coefficients, worst


def horner(coefficients, x):
    y = mpf(0)
    for c in reversed(coefficients):
        y = y * x + c
    return y


def alternating_extrema(grid, errors, n):
    runs = []
    for x, e in zip(grid, errors):
        if runs and (e > 0) == (runs[-1][1] > 0):
            if abs(e) > abs(runs[-1][1]):
                runs[-1] = (x, e)
        else:
            runs.append((x, e))
    while len(runs) > n:
        runs.pop(0 if abs(runs[0][1]) < abs(runs[-1][1]) else -1)
    return [x for x, _ in runs]


def fit(name, f, weight, low, high, degree):
    lead, best = remez(f, weight, low, high, degree)
    fixed = [to_float(lead[0])]
    if degree > 0:
        rest, _ = remez(lambda x: (f(x) - fixed[0]) / (x + TINY**4), lambda x: abs(weight(x) * x) + TINY**3, low, high, degree - 1)
        fixed += [to_float(c) for c in rest]
    rounded = max(abs(weight(x) * (f(x) - horner(fixed, x))) for x in linspace(low, high, 600))
    print(f"{name}: error {float(best):.3g}, with float coefficients {float(rounded):.3g}")
    for c in fixed:
        print(f"    {float(c):.9g}F,")


TINY = mpf("1e-6")


def main():
    h = log(2) / 2 * mpf("1.001")
    fit("kExp", lambda r: (exp(r) - 1 - r) / r**2 if abs(r) > mpf("1e-20") else mpf("0.5"), lambda r: r**2, -h, h * mpf("1.00001"), 4)
    low, high = sqrt(mpf("0.5")) - 1, sqrt(mpf(2)) - 1
    fit("kLog", lambda x: (log(1 + x) - x + x * x / 2) / x**3, lambda x: abs(x**3 / log(1 + x)), low, high * mpf("1.00001"), 8)
    fit("kErf", lambda t: (erf(sqrt(t)) / sqrt(t) - 1), lambda t: sqrt(t) / erf(sqrt(t)), TINY, mpf("0.9216"), 6)
    fit("kErfTail", lambda a: -log(erfc(a)), lambda a: erfc(a), mpf("0.95"), mpf("4.1"), 7)
    fit("kSin", lambda t: (sin(sqrt(t)) / sqrt(t) - 1) / t, lambda t: t, TINY, (pi / 4) ** 2, 3)
    fit("kCos", lambda t: (cos(sqrt(t)) - 1 + t / 2) / t**2, lambda t: t**2 / cos(sqrt(t)), TINY, (pi / 4) ** 2, 3)
    fit("kAsin", lambda t: (asin(sqrt(t)) / sqrt(t) - 1) / t, lambda t: t, TINY, mpf("0.25"), 5)
    fit("kAtan", lambda t: (atan(sqrt(t)) / sqrt(t) - 1) / t, lambda t: t / (atan(sqrt(t)) / sqrt(t)), TINY, mpf(1), 8)
    fit("kSinh", lambda t: (sinh(sqrt(t)) / sqrt(t) - 1) / t, lambda t: t, TINY, mpf(1), 3)
    # -log2 of the normal distribution beyond a, which is 1 at 0, weighted with what the share beyond a gains by it.
    fit("kNormalTail", lambda a: (-log(ncdf(-a)) / log(2) - 1) / a, lambda a: ncdf(-a) * log(2) * a, TINY, mpf("5.5"), 7)
    # log2 keeps its cubic term apart, in two floats.
    fit("kLog2Tail", lambda t: ((log((1 + sqrt(t)) / (1 - sqrt(t))) / (2 * sqrt(t)) - 1) / t - mpf(1) / 3) / t,
        lambda t: t * t, TINY, mpf("0.02945"), 2)
    # The gates of integers: 2^f, whose first coefficient is 1, and ln(phi(x) / phi(-x)) / x, weighted with what x phi(x) gains by it.
    half = mpf("0.5")
    fit("kPower", lambda f: (mpf(2) ** f - 1) / f if abs(f) > TINY else log(2), lambda f: f, -half, half * mpf("1.00001"), 3)
    fit("kGelu", lambda z: log(ncdf(sqrt(z)) / ncdf(-sqrt(z))) / sqrt(z), lambda z: z * ncdf(sqrt(z)) * ncdf(-sqrt(z)), TINY, mpf(25), 4)


if __name__ == "__main__":
    main()
