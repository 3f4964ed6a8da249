"""What a random graph can grow by: functions of a Growth that add one node or a few, by name."""

from productions import elementwise, movement, neural, quantized, reductions, signals, strings, structures

FAMILIES = {
    # How often a family is asked for.
    elementwise: 5, movement: 5, reductions: 3, neural: 6, quantized: 1, structures: 2, signals: 1, strings: 1,
}


def choose(random):
    families = [f for f, weight in FAMILIES.items() for _ in range(weight)]
    table = families[int(random.integers(len(families)))].PRODUCTIONS
    names = list(table)
    name = names[int(random.integers(len(names)))]
    return name, table[name]


def count():
    return sum(len(f.PRODUCTIONS) for f in FAMILIES)
