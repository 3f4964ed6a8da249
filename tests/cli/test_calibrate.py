"""tenon calibrate: tables, caches, shards, resuming, and what it refuses."""

import itertools
import json
import os
import random
import shutil
import struct
import subprocess
import time
import unittest
import zipfile

from support import DIGITS, MODEL, TENON, CommandTest, load_npy, save_npy, tenon

PICTURES = sorted((DIGITS / "images").iterdir())[:24]
SCALE = ("--scale", "1/255")


def counts_below(line: str) -> list:
    """How many values lie below each of the 2049 edges of a line "negative …" or "positive …"."""
    bins = [0] * 2048
    at = 0
    for word in line.split()[1:]:
        place, _, count = word.rpartition(":")
        at = int(place or at)
        bins[at] = int(count)
        at += 1
    return [0, *itertools.accumulate(bins)]


class Calibrate(CommandTest):
    def setUp(self) -> None:
        super().setUp()
        self.pictures = self.folder / "pictures"
        self.pictures.mkdir()
        for picture in PICTURES:
            shutil.copy(picture, self.pictures)

    def table(self, name: str, *arguments: object, calib: object = None) -> str:
        path = self.folder / name
        self.succeeds("calibrate", MODEL, "--calib", calib or self.pictures, "-o", path, *SCALE, *arguments)
        return path.read_text()

    def list_of(self, name: str, pictures: list, label: str = "") -> object:
        path = self.folder / name
        path.write_text("".join(f"{picture}{label}\n" for picture in pictures))
        return path

    def test_a_folder_gives_a_table_and_a_cache(self):
        cache = self.folder / "digits.cache"
        report = json.loads(self.succeeds("calibrate", MODEL, "--calib", self.pictures, "-o", self.folder / "t", "--calib-cache", cache,
                                          "--json", *SCALE))
        self.assertEqual(report["batches"], len(PICTURES))
        names = [tensor["name"] for tensor in report["tensors"]]
        self.assertEqual(names[0], "image")
        self.assertIn("logits", names)
        image = report["tensors"][0]
        self.assertEqual((image["min"], image["max"]), (0, 1))
        self.assertEqual(image["thresholds"]["min-max"], 1)
        self.assertEqual(sorted(image["thresholds"]), ["entropy-2", "legacy:0.999999,1", "min-max", "mse", "percentile:99.9",
                                                       "percentile:99.99", "percentile:99.999"])
        lines = cache.read_text().splitlines()
        self.assertRegex(lines[0], r"^TRT-\d+-EntropyCalibration2$")
        self.assertEqual([line.rsplit(": ", 1)[0] for line in lines[1:]], names)
        for line, tensor in zip(lines[1:], report["tensors"]):
            scale = struct.unpack(">f", bytes.fromhex(line.rsplit(": ", 1)[1].zfill(8)))[0]
            self.assertAlmostEqual(scale * 127, tensor["thresholds"]["entropy-2"], delta=1e-6 * scale * 127)
        self.assertEqual(self.left(), sorted(["digits.cache", "pictures", "t", *(f"pictures/{p.name}" for p in PICTURES)]))

    def test_neither_threads_nor_order_change_the_table(self):
        whole = self.table("whole")
        self.assertEqual(self.table("threads", "--threads", 2), whole)
        self.assertEqual(self.table("reversed", calib=self.list_of("list", PICTURES[::-1], " 7")), whole)

    def test_instruction_sets_agree_within_a_bin(self):
        texts = []
        for isa in ("portable", "avx2", "avx512"):
            table = self.folder / isa
            done = tenon("calibrate", MODEL, "--calib", self.pictures, "-o", table, *SCALE, env={**os.environ, "TENON_ISA": isa})
            if "but this machine has" in done.err:
                continue
            self.assertEqual(done.code, 0, done.err)
            texts.append([line for line in table.read_text().splitlines() if line.startswith(("tensor", "width", "negative", "positive"))])
        self.assertGreater(len(texts), 0)
        for other in texts[1:]:
            self.assertEqual(len(other), len(texts[0]))
            for a, b in zip(texts[0], other):
                if a.startswith(("tensor", "width")):
                    self.assertEqual(a, b)
                    continue
                x, y = counts_below(a), counts_below(b)
                for i in range(1, 2048):
                    self.assertLessEqual(x[i - 1], y[i], a[:40])
                    self.assertLessEqual(y[i], x[i + 1], a[:40])

    def test_the_faithful_mode_depends_on_the_order(self):
        one = self.table("one", "--mode", "faithful", calib=self.list_of("a", PICTURES))
        other = self.table("other", "--mode", "faithful", calib=self.list_of("b", PICTURES[::-1]))
        self.assertNotEqual(one, other)
        self.assertIn("range moving-average", one)

    def test_shards_merge_to_the_table_of_one_run(self):
        whole = self.table("whole")
        for i in (1, 2, 3):
            self.table(f"shard{i}", "--shard", f"{i}/3")
        self.succeeds("calibrate", "--merge", *(self.folder / f"shard{i}" for i in (3, 1, 2)), "-o", self.folder / "merged")
        self.assertEqual((self.folder / "merged").read_text(), whole)
        error = self.refuses("calibrate", "--merge", self.folder / "shard1", self.folder / "shard1", "-o", self.folder / "no")
        self.assertIn("shard 1 of 3 is there twice", error)

    def test_arrays_give_what_pictures_give(self):
        samples = []
        for picture in PICTURES:
            self.succeeds("run", self.as_tensor(), "--input", picture, "--output-dir", self.folder / "out", *SCALE)
            samples += load_npy(self.folder / "out" / "y.npy").values
        array = save_npy(self.folder / "samples.npy", (len(PICTURES), 1, 28, 28), samples)
        whole = self.table("whole")
        self.assertEqual(self.table("npy", calib=f"image={array}"), whole)
        for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            with zipfile.ZipFile(self.folder / "samples.npz", "w", method) as archive:
                archive.write(array, "image.npy")
            self.assertEqual(self.table("npz", calib=self.folder / "samples.npz"), whole)
        batches = self.table("batches", "--batch", 10, calib=array)  # the last one is smaller
        self.assertIn("\nbatch-size 10\nbatches 3\n", batches)
        self.assertEqual(batches.split("tensor")[1], whole.split("tensor")[1], "the input is the same in batches")

    def as_tensor(self) -> object:
        path = self.folder / "identity.ir"
        path.write_text("graph @identity(%image: f32[1,1,28,28]) {\n  %y = identity(%image) : f32[1,1,28,28]\n  return %y as \"y\"\n}\n")
        return path

    def test_a_killed_calibration_resumes_to_the_same_bytes(self):
        sources = ["--calib", self.list_of("list", [*PICTURES * 8])]
        table = self.folder / "table"
        command = ["calibrate", MODEL, *sources, *SCALE, "--threads", 1, "-o", table, "--state-interval", 0]
        self.succeeds(*command)
        whole = table.read_bytes()
        partial = self.folder / "table.partial"
        self.assertFalse(partial.exists())
        killed = 0
        for _ in range(20):
            table.unlink(missing_ok=True)
            process = subprocess.Popen([str(TENON), *map(str, command), "--resume"], stdout=subprocess.DEVNULL)
            while not partial.exists() and process.poll() is None:
                time.sleep(0.001)
            time.sleep(random.uniform(0, 0.1))
            process.kill()
            if process.wait() == 0:
                break
            killed += 1
        self.assertGreater(killed, 0)
        self.succeeds(*command, "--resume")
        self.assertEqual(table.read_bytes(), whole)
        self.assertFalse(partial.exists())

    def test_a_state_of_another_calibration_is_refused(self):
        table = self.folder / "table"
        text = self.table("table").replace("finished yes", "finished no")
        state = self.folder / "table.partial"
        for change, said in ((("graph ", "graph 0"), "network"), (("batch-size 1", "batch-size 2"), "batch size"),
                             (("order-independent", "faithful"), "line"), (("shards 1 of 1", "shards 1 of 2"), "shard"),
                             (("finished no", "finished yes"), "finished")):
            changed = text.replace(*change, 1)
            if change[0] == "graph ":
                changed = text.replace(text.splitlines()[2], "graph " + "0" * 32)
            state.write_text(changed)
            error = self.refuses("calibrate", MODEL, "--calib", self.pictures, *SCALE, "-o", table, "--resume")
            self.assertIn(said, error)

    def test_a_cache_that_fits_is_taken(self):
        cache = self.folder / "cache"
        self.succeeds("calibrate", MODEL, "--calib", self.pictures, "--calib-cache", cache, *SCALE)
        before = cache.read_text()
        out = self.succeeds("calibrate", MODEL, "--calib", self.pictures, "--calib-cache", cache, *SCALE)
        self.assertIn("scales taken from", out)
        self.assertEqual(cache.read_text(), before)

    def test_a_cache_that_does_not_fit(self):
        cache = self.folder / "cache"
        command = ("calibrate", MODEL, "--calib", self.pictures, "--calib-cache", cache, *SCALE)
        self.succeeds(*command)
        good = cache.read_text()
        for bad, said in ((good.replace("image:", "picture:"), "the network has no tensor 'picture'; the cache has no scale for 'image'"),
                          (good.replace("EntropyCalibration2", "MinMaxCalibration"), "it was made by min-max, asked for is entropy-2"),
                          ("TRT-1-X\n", "calibration cache, line 1")):
            cache.write_text(bad)
            self.assertIn(said, self.refuses(*command, "--on-mismatch", "stop"))
            self.assertEqual(cache.read_text(), bad)
            done = tenon(*command)
            self.assertEqual(done.code, 0)
            self.assertIn(said, done.err)
            self.assertEqual(cache.read_text(), good)
        cache.write_text(good.replace("image:", "picture:"))
        done = tenon(*command, "--on-mismatch", "accept", "--json")
        self.assertEqual(done.code, 0)
        self.assertNotIn("image", [tensor["name"] for tensor in json.loads(done.out)["tensors"]])

    def test_entropy_observes_the_fused_network(self):
        fused = self.table("fused", "--calibrator", "entropy")
        self.assertIn("\nobserved fused\n", fused)
        whole = self.table("whole")
        self.assertLess(fused.count("\ntensor "), whole.count("\ntensor "))
        self.assertIn("calibrate with it alone",
                      self.refuses("calibrate", MODEL, "--calib", self.pictures, "-o", self.folder / "no", "--calibrator", "entropy",
                                   "--calibrator", "mse"))

    def test_what_is_not_finite_is_named(self):
        for bad in (float("nan"), float("inf")):
            values = [0.5] * (3 * 28 * 28)
            values[2 * 28 * 28 + 5] = bad
            array = save_npy(self.folder / "x.npy", (3, 1, 28, 28), values)
            error = self.refuses("calibrate", MODEL, "--calib", array, "-o", self.folder / "table")
            self.assertIn(f"input 'image' is {bad} at element 5 in batch 2", error)

    def test_ranges_are_checked_for_16_bits(self):
        model = self.folder / "wide.ir"
        model.write_text("graph @wide(%x: f32[N,4]) {\n  %c = constant {value=f32[1] [100000.0]} : f32[1]\n"
                         "  %big = mul(%x, %c) : f32[N,4]\n  %y = neg(%big) : f32[N,4]\n  return %y as \"y\"\n}\n")
        array = save_npy(self.folder / "x.npy", (2, 4), [0.5, 1, -1, 0.25] * 2)
        report = json.loads(self.succeeds("calibrate", model, "--calib", array, "-o", self.folder / "table", "--json"))
        self.assertEqual([(f["tensor"], f["verdict"]) for f in report["f16"]], [("big", "overflow"), ("y", "overflow")])
        self.assertEqual(report["bf16"], [])
        self.assertIn("FP16: the nodes around 2 tensors have to stay in FP32",
                      self.succeeds("calibrate", model, "--calib", array, "-o", self.folder / "table"))

    def test_wrong_arguments(self):
        empty = self.folder / "empty"
        empty.mkdir()
        two = self.folder / "list"
        two.write_text(f"{PICTURES[0]}\nnothing.png 3\n")
        narrow = save_npy(self.folder / "narrow.npy", (2, 28), [0.0] * 56)
        for arguments, said in (((), "--calib is missing"),
                                (("--calib", empty), "no sample"),
                                (("--calib", self.folder / "none"), "there is no file"),
                                (("--calib", two), "line 2 names no file: 'nothing.png'"),
                                (("--calib", f"photo={narrow}"), "no input 'photo'"),
                                (("--calib", narrow), "takes f32"),
                                (("--calib", self.pictures, "--shard", "4/3"), "--shard '4/3'"),
                                (("--calib", self.pictures, "--shard", "1/2", "--mode", "faithful"), "cannot be sharded"),
                                (("--calib", self.pictures, "--calibrator", "best"), "there is no calibrator 'best'"),
                                (("--calib", self.pictures, "--calibrator", "moving-average", "--mode", "order-independent"),
                                 "faithful mode"),
                                (("--calib", MODEL), "names no file")):
            self.assertIn(said, self.refuses("calibrate", MODEL, *arguments, "-o", self.folder / "table"))
        self.assertIn("-o TABLE", self.refuses("calibrate", MODEL, "--calib", self.pictures))
        self.assertFalse((self.folder / "table").exists())


if __name__ == "__main__":
    unittest.main()
