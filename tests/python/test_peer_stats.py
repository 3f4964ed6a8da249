"""Statistics, comparison, tables and shapes of bench/peers.py."""

from __future__ import annotations

import json
import unittest

from support import needs

needs("numpy")

import numpy as np  # noqa: E402
from peerbench.inputs import (  # noqa: E402
    TensorSpec, UsageError, make_input, parse_input_files, parse_shapes, resolve_shapes, safe_name)
from peerbench.quantize import batches  # noqa: E402
from peerbench.stats import (  # noqa: E402
    CaseResult, PeerResult, Ratio, Round, Summary, compare_outputs, milliseconds, results_table, signal_to_noise_db,
    text_table)


def rounds(*medians: float) -> list[Round]:
    return [Round(m - 0.5, m, 100) for m in medians]


class Statistics(unittest.TestCase):
    def test_round_takes_minimum_and_median(self) -> None:
        self.assertEqual(Round.of([5.0, 1.0, 2.0, 9.0]), Round(1.0, 3.5, 4, 4.25))

    def test_summary_takes_the_median_of_medians(self) -> None:
        summary = Summary.of(rounds(4.0, 2.0, 3.0))
        self.assertEqual((summary.min_ms, summary.median_ms, summary.spread), (1.5, 3.0, 2.0))
        self.assertTrue(summary.noisy)
        self.assertFalse(Summary.of(rounds(2.0, 2.1)).noisy)

    def test_ratio_is_against_the_better_peer(self) -> None:
        ratio = Ratio.of(rounds(6.0, 6.0), {"slow": rounds(9.0, 9.0), "fast": rounds(4.0, 3.0)})
        self.assertEqual((ratio.best_by_min, ratio.best_by_median), ("fast", "fast"))
        self.assertAlmostEqual(ratio.min, 5.5 / 2.5)
        self.assertAlmostEqual(ratio.median, 1.75)
        self.assertEqual((ratio.low, ratio.high), (1.5, 2.0))

    def test_the_better_peer_may_differ_between_minimum_and_median(self) -> None:
        peers = {"steady": [Round(3.0, 3.1, 9)] * 2, "lucky": [Round(2.0, 5.0, 9)] * 2}
        ratio = Ratio.of([Round(3.0, 3.1, 9)] * 2, peers)
        self.assertEqual((ratio.best_by_min, ratio.best_by_median), ("lucky", "steady"))
        self.assertAlmostEqual(ratio.min, 1.5)
        self.assertAlmostEqual(ratio.median, 1.0)

    def test_a_slow_spell_that_hits_a_whole_round_cancels_out(self) -> None:
        ratio = Ratio.of(rounds(2.0, 20.0, 2.0), {"peer": rounds(4.0, 40.0, 4.0)})
        self.assertEqual((ratio.low, ratio.median, ratio.high), (0.5, 0.5, 0.5))

    def test_rounds_must_pair_up(self) -> None:
        with self.assertRaises(ValueError):
            Ratio.of(rounds(1.0, 2.0), {"peer": rounds(1.0)})
        with self.assertRaises(ValueError):
            Ratio.of(rounds(1.0), {})


class Outputs(unittest.TestCase):
    def compare(self, answer: object, expected: object) -> bool:
        return compare_outputs(["y"], [np.array(answer)], [np.array(expected)], 1e-3).ok

    def test_difference_is_relative_to_the_largest_magnitude(self) -> None:
        self.assertTrue(self.compare([1000.0, 0.5], [1000.0, 0.0]))
        self.assertFalse(self.compare([1000.0, 2.0], [1000.0, 0.0]))

    def test_zeros_are_compared_as_they_are(self) -> None:
        self.assertTrue(self.compare([0.0], [0.0]))
        self.assertFalse(self.compare([0.1], [0.0]))

    def test_nan_and_infinity_must_match(self) -> None:
        self.assertTrue(self.compare([np.nan, np.inf, 1.0], [np.nan, np.inf, 1.0]))
        for answer in ([np.nan, 1.0, 1.0], [np.inf, np.nan, 1.0], [np.nan, -np.inf, 1.0], [np.nan, np.inf, np.nan]):
            with self.subTest(answer):
                self.assertFalse(self.compare(answer, [np.nan, np.inf, 1.0]))

    def test_shape_and_count_must_match(self) -> None:
        wrong = compare_outputs(["y"], [np.zeros((2, 1))], [np.zeros((1, 2))], 1e-3)
        self.assertIn("(2, 1) instead of (1, 2)", str(wrong))
        self.assertFalse(compare_outputs(["y"], [], [np.zeros(1)], 1e-3).ok)

    def test_integers_and_empty_outputs(self) -> None:
        self.assertTrue(self.compare(np.array([3, 4]), np.array([3, 4])))
        self.assertFalse(self.compare(np.array([3, 5]), np.array([3, 4])))
        self.assertTrue(self.compare(np.zeros((0, 4)), np.zeros((0, 4))))


class Noise(unittest.TestCase):
    def test_each_output_counts_by_its_own_power(self) -> None:
        exact = [np.full(10, 100.0), np.full(1000, 0.01)]
        self.assertAlmostEqual(signal_to_noise_db([a * 1.1 for a in exact], exact), 20.0)
        self.assertAlmostEqual(signal_to_noise_db([exact[0], exact[1] * 1.1], exact), 10 * np.log10(200), places=6)

    def test_no_noise_is_99_db(self) -> None:
        self.assertEqual(signal_to_noise_db([np.ones(3), np.arange(2)], [np.ones(3), np.zeros(2, np.int64)]), 99.0)

    def test_another_shape_is_no_answer(self) -> None:
        self.assertEqual(signal_to_noise_db([np.ones(3)], [np.ones(4)]), -99.0)

    def test_the_table_shows_it(self) -> None:
        case = CaseResult("m", 1, {}, 1, {"ort": PeerResult(rounds(2.0), sqnr_db=20.04), "tenon": PeerResult(rounds(1.0), sqnr_db=31.0)})
        self.assertIn("SQNR 20.0 / 31.0 dB", results_table([case], ["ort", "tenon"], "tenon"))


class Samples(unittest.TestCase):
    def test_whole_batches_only(self) -> None:
        found = list(batches({"x": np.arange(5), "y": np.arange(10).reshape(5, 2)}, 2))
        self.assertEqual([b["x"].tolist() for b in found], [[0, 1], [2, 3]])
        self.assertEqual(found[1]["y"].shape, (2, 2))

    def test_inputs_have_equally_many(self) -> None:
        with self.assertRaisesRegex(UsageError, "different numbers"):
            list(batches({"x": np.arange(5), "y": np.arange(4)}, 1))


class Tables(unittest.TestCase):
    def test_columns_line_up(self) -> None:
        lines = text_table(["a", "b"], [["long name", "1"], ["x", "12345"]]).splitlines()
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertEqual(lines[2], "| long name |     1 |")

    def test_three_digits(self) -> None:
        self.assertEqual([milliseconds(v) for v in (0.01234, 1.234, 12.34, 123.4)], ["0.012", "1.23", "12.3", "123"])

    def case(self) -> CaseResult:
        agreed = compare_outputs(["y"], [np.ones(1)], [np.ones(1)], 1e-3)
        return CaseResult("net", 1, {"x": (1, 3)}, 2, {
            "tenon": PeerResult(rounds(2.0, 2.0), agreement=agreed), "ort": PeerResult(rounds(4.0, 4.0)),
            "openvino": PeerResult([], error="no such operator")})

    def test_a_failed_peer_leaves_the_others_in_the_table(self) -> None:
        row = results_table([self.case()], ["tenon", "ort", "openvino"], "tenon").splitlines()[2]
        self.assertEqual([c.strip() for c in row.strip("|").split("|")],
                         ["net", "1x3", "2", "1.50 / 2.00", "3.50 / 4.00", "failed", "ort", "0.43", "0.50", "0.50-0.50",
                          "agree (0e+00)"])

    def test_without_the_subject_there_are_no_ratios(self) -> None:
        self.assertNotIn("better peer", results_table([self.case()], ["ort", "openvino"], "tenon"))

    def test_a_peer_with_wrong_answers_is_no_yardstick(self) -> None:
        case = self.case()
        case.peers["openvino"] = PeerResult(rounds(1.0, 1.0), agreement=compare_outputs(
            ["y"], [np.zeros(1)], [np.ones(1)], 1e-3))
        self.assertEqual(case.ratio("tenon").best_by_min, "ort")
        self.assertIn("openvino DIFFERS", case.outputs)

    def test_a_peer_that_was_not_held_to_the_instruction_set_is_no_yardstick(self) -> None:
        case = self.case()
        case.peers["openvino"] = PeerResult(rounds(1.0, 1.0), yardstick=False)
        self.assertEqual(case.ratio("tenon").best_by_min, "ort")

    def test_a_report_is_read_back_as_it_was(self) -> None:
        case = self.case()
        case.peers["openvino"] = PeerResult(rounds(1.0, 1.0), "f32 x3", compare_outputs(["y"], [], [np.ones(1)], 1e-3),
                                            yardstick=False)
        skipped = CaseResult("net", 8, {}, 1, {}, "no input takes a batch of 8")
        for before in (case, skipped):
            text = json.dumps(before.as_json("tenon"), allow_nan=False)
            self.assertEqual(CaseResult.from_json(json.loads(text)), before)

    def test_the_report_is_json(self) -> None:
        report = json.loads(json.dumps(self.case().as_json("tenon"), allow_nan=False))
        self.assertEqual(report["ratio"]["median"], 0.5)
        self.assertEqual(report["peers"]["openvino"]["error"], "no such operator")
        self.assertIsNone(report["peers"]["openvino"]["summary"])


class Inputs(unittest.TestCase):
    IMAGE = TensorSpec("image", "float32", ("N", 3, "H", "W"))
    IDS = TensorSpec("ids:0", "int64", (None, 8))

    def test_shapes_are_split_at_the_last_colon(self) -> None:
        self.assertEqual(parse_shapes(["ids:0:2x8", "image:1,3,4,5"]), {"ids:0": (2, 8), "image": (1, 3, 4, 5)})
        for text in ("image", "image:", ":1x2", "image:1x", "image:ax2"):
            with self.subTest(text), self.assertRaises(UsageError):
                parse_shapes([text])

    def test_files_are_split_at_the_last_equals_sign(self) -> None:
        self.assertEqual({k: str(v) for k, v in parse_input_files(["a=b=c.npy"]).items()}, {"a=b": "c.npy"})
        with self.assertRaises(UsageError):
            parse_input_files(["c.npy"])

    def test_the_batch_goes_to_free_first_axes(self) -> None:
        self.assertEqual(resolve_shapes([self.IDS], 4, {}), {"ids:0": (4, 8)})
        self.assertEqual(resolve_shapes([self.IDS], None, {}), {"ids:0": (1, 8)})

    def test_other_free_axes_must_be_given(self) -> None:
        with self.assertRaisesRegex(UsageError, "--shapes image:SHAPE"):
            resolve_shapes([self.IMAGE], 1, {})
        self.assertEqual(resolve_shapes([self.IMAGE], None, {"image": (2, 3, 8, 8)}), {"image": (2, 3, 8, 8)})

    def test_a_shape_that_does_not_fit_is_refused(self) -> None:
        for shape in ((1, 4, 8, 8), (1, 3, 8)):
            with self.subTest(shape), self.assertRaisesRegex(UsageError, r"float32\[N,3,H,W\]"):
                resolve_shapes([self.IMAGE], None, {"image": shape})

    def test_a_batch_that_no_input_takes_is_refused(self) -> None:
        with self.assertRaisesRegex(UsageError, "batch of 4"):
            resolve_shapes([TensorSpec("x", "float32", (1, 3))], 4, {})

    def test_content_fits_the_type_and_repeats(self) -> None:
        image = make_input(self.IMAGE, (1, 3, 2, 2))
        self.assertEqual((image.dtype, image.shape), (np.float32, (1, 3, 2, 2)))
        np.testing.assert_array_equal(image, make_input(self.IMAGE, (1, 3, 2, 2)))
        self.assertEqual(set(make_input(self.IDS, (50, 8)).flat), {0, 1})

    def test_file_names_follow_the_command(self) -> None:
        self.assertEqual(safe_name("a/b:0.c-d é"), "a_b_0.c-d__")


if __name__ == "__main__":
    unittest.main()
