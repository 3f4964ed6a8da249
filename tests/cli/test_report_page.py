"""The page of --report: complete, without errors in a browser, and safe for any names. Takes Chromium; its half is skipped without."""

import json
import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

import onnx_writer as ox
from support import DIGITS, MODEL, CommandTest, save_npy

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
CALIB = ("--calib", DIGITS / "images", "--scale", "1/255")

# Runs after the page's own script: uses the page as somebody with a keyboard does, and leaves what it saw in the document.
VISITOR = r"""
const seen = {};
const key = (target, name) => target.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
const list = document.getElementById("tensor-list");
const chosen = () => list.querySelector('[aria-selected="true"]');
seen.title = document.title;
seen.sections = [...document.querySelectorAll("main > section:not([hidden])")].map((s) => s.id);
seen.links = [...document.querySelectorAll("nav a")].map((a) => a.getAttribute("href"));
seen.first = chosen().textContent;
seen.lines = document.querySelectorAll("#histogram line[stroke^='var(--c']").length;
seen.calibrators = [...document.querySelectorAll("#ranges tbody td:first-child")].map((td) => td.textContent);
key(list, "ArrowDown"); seen.second = document.getElementById("tensor-name").textContent;
key(list, "End"); seen.last = chosen().textContent;
key(list, "Home"); seen.home = chosen().textContent;
const before = document.querySelector("#histogram path").getAttribute("d");
document.getElementById("log").click();
seen.redrawn = before !== document.querySelector("#histogram path").getAttribute("d");
const filter = document.getElementById("filter");
filter.value = seen.second; filter.dispatchEvent(new Event("input")); seen.filtered = list.children.length;
const theme = document.documentElement.dataset.theme;
document.getElementById("theme").click(); seen.switched = theme !== document.documentElement.dataset.theme;
seen.rows = document.querySelectorAll("#map tbody tr").length;
seen.badges = [...document.querySelectorAll("#map .badge")].map((b) => b.textContent);
document.getElementById("layers-only").click(); seen.layers = document.querySelectorAll("#map tbody tr").length;
seen.points = document.querySelectorAll("#accuracy-chart circle").length;
seen.bars = document.querySelectorAll("#sensitivity-chart rect").length;
seen.foreign = document.querySelectorAll("main b, main img, main script").length;
seen.focusable = [...document.querySelectorAll("button, input, nav a, [tabindex]")].every((e) => e.tabIndex >= 0);
seen.labelled = [...document.querySelectorAll("svg:not([aria-hidden])")].every((s) => s.getAttribute("aria-label"));
document.body.dataset.seen = JSON.stringify(seen);
"""


def data_of(page: Path) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)
    return json.loads(found.group(1))


class ReportPage(CommandTest):
    def calibrated(self) -> Path:
        page = self.folder / "calibration.html"
        self.succeeds("calibrate", MODEL, *CALIB, "-o", self.folder / "table", "--report", page)
        return page

    def built(self) -> Path:
        page = self.folder / "build.html"
        self.succeeds("build", MODEL, "--int8", *CALIB, "-o", self.folder / "engine", "--no-tune", "--report", page)
        return page

    def strange(self) -> Path:
        """A network whose names are markup."""
        image = "</script><img/src=x/onerror=alert(1)>"
        nodes = [ox.node("Relu", "<b>x</b>", image, name="a\"'&\u2028<!--"), ox.node("Neg", image, "y")]
        graph = ox.Graph([ox.x("<b>x</b>", 2, 4)], nodes, [ox.x("y", 2, 4)])
        model = self.folder / "strange.onnx"
        model.write_bytes(ox.model(graph))
        array = save_npy(self.folder / "x.npy", (2, 4), [0.5, 1, -1, 0.25] * 2)
        page = self.folder / "strange.html"
        self.succeeds("calibrate", model, "--calib", array, "-o", self.folder / "table", "--report", page)
        return page

    def test_it_holds_what_was_seen(self):
        data = data_of(self.calibrated())
        self.assertEqual(data["tensors"][0]["name"], "image")
        image = data["tensors"][0]
        self.assertEqual(sum(image["negative"] + image["positive"]), image["elements"])
        self.assertEqual({data["rules"][r["rule"]] for r in image["ranges"]},
                         {"entropy-2", "min-max", "percentile:99.9", "percentile:99.99", "percentile:99.999", "mse", "legacy:0.999999,1"})
        for index, node in enumerate(data["nodes"]):
            self.assertTrue(all(source < index for source in node["sources"]))
        self.assertEqual(data["trials"], [])

    def test_a_build_shows_precision_and_sensitivity(self):
        data = data_of(self.built())
        layers = [node for node in data["nodes"] if node["precision"]]
        self.assertGreater(len([node for node in layers if node["precision"] == "int8"]), 0)
        for node in layers:
            self.assertEqual(node["why"] == "", node["precision"] == "int8")
        self.assertGreater(len([node for node in data["nodes"] if isinstance(node["sqnr"], float)]), 0)

    def test_it_needs_no_other_file_and_no_network(self):
        text = self.calibrated().read_text()
        self.assertNotRegex(text, r"(?:src|href)=\"(?!data:,|#)")
        self.assertEqual(set(re.findall(r"https?://[^\"' )]*", text)), {"http://www.w3.org/2000/svg"})
        self.assertNotRegex(text, r"@TENON|@import|url\(")

    def test_names_are_text(self):
        page = self.strange()
        text = page.read_text()
        self.assertEqual(text.count("</script>"), 2)
        self.assertNotIn("<img", text)
        self.assertEqual([t["name"] for t in data_of(page)["tensors"]], ["<b>x</b>", "</script><img/src=x/onerror=alert(1)>", "y"])

    def test_what_it_takes(self):
        self.assertIn("--int8", self.refuses("build", MODEL, "-o", self.folder / "e", "--report", self.folder / "p.html"))
        self.assertFalse((self.folder / "e").exists())

    def visit(self, page: Path) -> dict:
        visited = self.folder / "visited.html"
        visited.write_text(page.read_text().replace("</body>", f"<script>{VISITOR}</script></body>"))
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        done = subprocess.run([CHROMIUM, "--headless", *sandbox, "--disable-gpu", f"--user-data-dir={self.folder / 'profile'}",
                               "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", visited.as_uri()],
                              capture_output=True, text=True, timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([line for line in done.stderr.splitlines() if "CONSOLE" in line], [])
        found = re.search(r'data-seen="(.*?)"', done.stdout)
        self.assertIsNotNone(found, done.stdout[-2000:])
        return json.loads(found.group(1).replace("&quot;", '"').replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))

    @unittest.skipIf(CHROMIUM is None, "there is no Chromium")
    def test_a_browser_shows_it(self):
        page = self.built()
        names = [tensor["name"] for tensor in data_of(page)["tensors"]]
        seen = self.visit(page)
        self.assertEqual(seen["sections"], ["layers", "sensitivity", "tensors"])
        self.assertEqual(seen["links"], ["#layers", "#sensitivity", "#tensors"])
        self.assertEqual([seen["first"], seen["second"], seen["last"], seen["home"]], [names[0], names[1], names[-1], names[0]])
        self.assertEqual(len(seen["calibrators"]), 7)
        self.assertEqual(sum("(in use)" in name for name in seen["calibrators"]), 1)
        self.assertGreaterEqual(seen["lines"], 7)
        for what in ("redrawn", "switched", "focusable", "labelled"):
            self.assertTrue(seen[what], what)
        self.assertGreaterEqual(seen["filtered"], 1)
        self.assertIn("INT8", seen["badges"])
        self.assertEqual(seen["layers"], len(seen["badges"]))
        self.assertGreater(seen["rows"], seen["layers"])
        self.assertGreater(seen["bars"], 0)

    def searched(self) -> Path:
        """Entropy cuts the digit network to pieces; a budget has to put layers back."""
        labels = self.folder / "labels.txt"
        labels.write_text("".join(f"{DIGITS}/{line}\n" for line in (DIGITS / "labels.txt").read_text().splitlines()))
        page = self.folder / "budget.html"
        self.succeeds("build", MODEL, "--int8", "--calib", labels, "--eval", labels, "--scale", "1/255", "--no-improve", "--calibrator",
                      "entropy-2", "--max-drop", "0.5", "-o", self.folder / "engine", "--no-tune", "--report", page)
        return page

    def test_a_search_shows_what_it_tried(self):
        data = data_of(self.searched())
        layers, accuracies = zip(*((trial["layers"], trial["accuracy"]) for trial in data["trials"]))
        on = len([node for node in data["nodes"] if node["precision"] == "int8"])
        self.assertEqual(layers[0], max(layers), "all layers on integers come first")
        self.assertIn(on, layers)
        self.assertLess(accuracies[0], data["reference"] - 0.5)
        self.assertGreaterEqual(accuracies[layers.index(on)], data["reference"] - 0.5)
        self.assertIn(["Budget", "holds"], data["facts"])

    @unittest.skipIf(CHROMIUM is None, "there is no Chromium")
    def test_a_browser_draws_the_search(self):
        page = self.searched()
        seen = self.visit(page)
        self.assertEqual(seen["sections"], ["accuracy", "layers", "sensitivity", "tensors"])
        self.assertEqual(seen["points"], len(data_of(page)["trials"]))

    @unittest.skipIf(CHROMIUM is None, "there is no Chromium")
    def test_a_browser_runs_no_name(self):
        seen = self.visit(self.strange())
        self.assertEqual(seen["foreign"], 0)
        self.assertEqual(seen["first"], "<b>x</b>")
        self.assertEqual(seen["sections"], ["layers", "tensors"])


if __name__ == "__main__":
    unittest.main()
