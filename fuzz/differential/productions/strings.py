"""Strings made of numbers, joined, changed, compared and matched; they stay inside of the graph."""

import numpy as np
from onnx import TensorProto


def texts(g, choices, shape=()):
    return g.constant(np.array([g.one_of(choices) for _ in range(int(np.prod(shape)))], object).reshape(shape))


def numbers_as_text(g):
    x = g.tensor(kind="i", max_rank=3)
    return g.add("Cast", [x], to=TensorProto.STRING, exact=True, keep=False)[0]


def number(g):
    s = numbers_as_text(g)
    g.add("Cast", [s], to=g.one_of([TensorProto.INT64, TensorProto.INT32, TensorProto.FLOAT]), exact=True)


def concatenate(g):
    s = numbers_as_text(g)
    s, = g.add("StringConcat", [s, texts(g, ["", "0", "x", "é"], [1] * s.rank)], exact=True, keep=False)
    g.add("RegexFullMatch", [s], pattern=g.one_of(["-?[0-9]+", "[0-2].*", ".*x", "\\p{L}*", "-.*"]), exact=True)
    g.add("Equal", [s, texts(g, ["1x", "0", "-10"])], exact=True)


def normalize(g):
    words = texts(g, ["The", "cat", "SAT", "on", "apples", ""], [g.between(1, 5)])
    s, = g.add("StringNormalizer", [words], case_change_action=g.one_of(["NONE", "LOWER", "UPPER"]),
               is_case_sensitive=g.between(0, 1), stopwords=["the", "on"] if g.chance(2) else None, locale="C",
               exact=True, keep=False)
    g.add("Shape", [s], exact=True)
    g.add("Equal", [s, texts(g, ["cat", "SAT", "THE"])], exact=True)


def split(g):
    words = texts(g, ["a b c", " a  b ", "", "a,b,,c", "one"], [g.between(1, 3)])
    s, n = g.add("StringSplit", [words], outputs=2, delimiter=g.one_of(["", ",", " "]),
                 maxsplit=g.between(0, 2) if g.chance(2) else None, exact=True, keep=False)
    g.values.append(n)
    g.add("Equal", [s, texts(g, ["a", "b", ""])], exact=True)


def term_frequencies(g):
    x = g.constant(g.numbers([g.between(1, 3), g.between(2, 8)], np.int64, 0, 4))
    g.add("TfIdfVectorizer", [x], mode=g.one_of(["TF", "IDF", "TFIDF"]), min_gram_length=1, max_gram_length=2,
          max_skip_count=g.between(0, 2), ngram_counts=[0, 3], ngram_indexes=[0, 1, 2, 3, 4],
          pool_int64s=[0, 1, 3, 1, 2, 3, 3], weights=[1.0, 2.0, 0.5, 3.0, 1.0] if g.chance(2) else None, exact=True)


PRODUCTIONS = {"Cast from strings": number, "StringConcat": concatenate, "StringNormalizer": normalize,
               "StringSplit": split, "TfIdfVectorizer": term_frequencies}
