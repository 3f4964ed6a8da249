"""Checks the documentation against the repository.

A shell block after the line `<!-- run -->` is run as a script in the repository's root, with build/release/bin/ and ./ of its
examples replaced by what was built and a scratch folder as $TMP; every command in it must succeed. The Python blocks of a page
after `<!-- run python -->` are one program, which must succeed. A C++ block after `<!-- from FILE -->` must be part of that file.
A relative link must lead to a file.
"""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TENON = Path(os.environ.get("TENON", ROOT / "build/release/bin/tenon"))
EXAMPLES = Path(os.environ.get("TENON_EXAMPLES", ROOT / "build/release/bin/examples"))
PYTHON = os.environ.get("TENON_PYTHON", "")  # an interpreter that can import tenon; empty: none
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, mark: str) -> list:
    """(what the mark names, the block's text) for every block marked so."""
    return re.findall(rf"<!-- {mark} -->\n```\w+\n(.*?)```", page.read_text(), re.DOTALL)


class Docs(unittest.TestCase):
    def test_shell_examples_run(self):
        count = 0
        for page in PAGES:
            for script in blocks(page, "run"):
                with self.subTest(page=page.name, script=script), tempfile.TemporaryDirectory() as folder:
                    env = {**os.environ, "TMP": folder, "PATH": f"{TENON.parent}:{os.environ['PATH']}"}
                    script = script.replace("build/release/bin/examples", str(EXAMPLES))
                    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=ROOT, env=env, capture_output=True,
                                          text=True, check=False, timeout=300)
                    self.assertEqual(done.returncode, 0, done.stderr)
                count += 1
        self.assertGreater(count, 5)

    @unittest.skipIf(not PYTHON, "this build has no Python module")
    def test_python_examples_run(self):
        count = 0
        for page in PAGES:
            program = "\n".join(blocks(page, "run python"))
            if not program:
                continue
            with self.subTest(page=page.name), tempfile.TemporaryDirectory() as folder:
                env = {**os.environ, "TMPDIR": folder}
                done = subprocess.run([PYTHON, "-W", "error", "-c", program], cwd=ROOT, env=env, capture_output=True, text=True,
                                      check=False, timeout=300)
                self.assertEqual(done.returncode, 0, done.stderr)
            count += 1
        self.assertGreater(count, 0)

    def test_code_is_that_of_the_examples(self):
        count = 0
        for page in PAGES:
            for name, code in blocks(page, "from (.*?)"):
                with self.subTest(page=page.name, file=name):
                    self.assertIn(code.strip(), (ROOT / name).read_text())
                count += 1
        self.assertGreater(count, 0)

    def test_links_lead_to_files(self):
        for page in PAGES:
            text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
                with self.subTest(page=page.name, link=target):
                    self.assertTrue((page.parent / target).exists())

    def test_every_option_is_documented(self):
        text = (ROOT / "docs/command.md").read_text()
        for command in ("build", "run", "bench", "verify", "inspect", "explain", "dump", "evaluate", "opt", "list"):
            done = subprocess.run([str(TENON), command, "--help"], capture_output=True, text=True, check=True)
            for option in set(re.findall(r"--[a-z][a-z-]+", done.stdout)):
                with self.subTest(command=command, option=option):
                    self.assertIn(f"`{option}", text)


if __name__ == "__main__":
    unittest.main()
