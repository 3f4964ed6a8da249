"""--plugin: operators from shared libraries, in every subcommand that opens models or engines."""

import tempfile
import unittest
from pathlib import Path

from support import EXAMPLES, load_npy, save_npy, tenon

PLUGIN = EXAMPLES / "pillar_scatter.so"
MODEL = """graph @pillars(%features: f32[P,2], %coords: i32[P,4]) {
  %picture = "com.example:PillarScatter:1"(%features, %coords) {grid_h=3, grid_w=4} : f32[1,2,3,4] loc("scatter")
  return %picture as "picture"
}
"""
MISSING = "the plugin 'PillarScatter', version 1, of domain 'com.example' is not loaded"


class Plugins(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.model = self.folder / "pillars.ir"
        self.model.write_text(MODEL)
        self.engine = self.folder / "pillars.engine"

    def test_every_subcommand_loads_plugins(self):
        with_plugin = ("--plugin", PLUGIN)
        self.assertEqual(tenon("build", self.model, "-o", self.engine, *with_plugin).code, 0)
        inputs = ["--input", f"features={save_npy(self.folder / 'features.npy', (1, 2), [5.0, 6.0])}",
                  "--input", f"coords={save_npy(self.folder / 'coords.npy', (1, 4), [0, 0, 2, 1], '<i4')}",
                  "--output-dir", self.folder]
        for command in (["run", self.engine, *inputs], ["run", self.model, *inputs], ["bench", self.engine, "--duration", "0.05"], ["verify", self.model],
                        ["explain", self.engine], ["inspect", self.engine], ["dump", self.model], ["opt", self.model]):
            with self.subTest(command=command):
                done = tenon(*command, *with_plugin)
                self.assertEqual(done.code, 0, done.err)
        self.assertEqual(load_npy(self.folder / "picture.npy").values, [0.0] * 9 + [5.0] + [0.0] * 11 + [6.0] + [0.0] * 2)
        self.assertIn("grid_h=3", tenon("dump", self.model, *with_plugin).out)
        self.assertIn("com.example:PillarScatter:1", tenon("list", "ops", *with_plugin).out)
        self.assertNotIn("com.example", tenon("list", "ops").out)

    def test_the_missing_plugin_is_named(self):
        self.assertEqual(tenon("build", self.model, "-o", self.engine, "--plugin", PLUGIN).code, 0)
        for command in (["run", self.engine, "--output-dir", self.folder], ["build", self.model, "-o", self.folder / "other"]):
            with self.subTest(command=command):
                done = tenon(*command)
                self.assertEqual(done.code, 1)
                self.assertIn(MISSING, done.err)

    def test_a_wrong_library_is_an_error(self):
        for path in (self.model, "/nonexistent.so"):
            done = tenon("dump", self.model, "--plugin", path)
            self.assertEqual(done.code, 1)
            self.assertIn(str(path), done.err)


if __name__ == "__main__":
    unittest.main()
