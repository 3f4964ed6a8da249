"""Errors: their classes, their text, and messages on their way to Python's logging."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import unittest

import tenon
from support import add_engine


class Classes(unittest.TestCase):
    def test_kinds(self) -> None:
        for kind in (tenon.ModelError, tenon.DeviceError, tenon.InternalError):
            self.assertTrue(issubclass(kind, tenon.Error))
        self.assertTrue(issubclass(tenon.Error, Exception))
        self.assertEqual(tenon.ModelError.__module__, "tenon")

    def test_the_text_is_the_librarys(self) -> None:
        with self.assertRaises(tenon.ModelError) as caught:
            tenon.Network.from_text("graph @net(%x: f32[2]) { %y = nonsense(%x) : f32[2] return %y }")
        self.assertIn("nonsense", str(caught.exception))
        with self.assertRaises(tenon.ModelError) as caught:
            tenon.Network.load("/nowhere/model.onnx")
        self.assertIn("/nowhere/model.onnx", str(caught.exception))

    def test_arguments_of_wrong_types(self) -> None:
        with self.assertRaises(TypeError):
            tenon.build("digits.onnx")
        with self.assertRaises(TypeError):
            tenon.Engine.deserialize("text")


class Messages(unittest.TestCase):
    def tearDown(self) -> None:
        tenon.set_log_sink(None)

    def test_go_to_a_function(self) -> None:
        for threshold, expected in ((tenon.LogLevel.debug, 1), (tenon.LogLevel.info, 1), (tenon.LogLevel.warning, 0)):
            heard = []
            tenon.set_log_sink(lambda level, message: heard.append((level, message)), threshold)
            add_engine()
            self.assertEqual(len(heard), expected)
            for level, message in heard:
                self.assertEqual(level, tenon.LogLevel.info)
                self.assertRegex(message, r"^built 'add' in ")

    def test_go_to_logging(self) -> None:
        logger = logging.getLogger("tenon")
        for level in (logging.DEBUG, logging.INFO):
            logger.setLevel(level)
            tenon.use_logging()
            with self.assertLogs(logger, level) as heard:
                add_engine()
            self.assertRegex(heard.output[0], r"^INFO:tenon:built 'add' in ")
        logger.setLevel(logging.WARNING)
        tenon.use_logging()
        with self.assertNoLogs(logger):
            add_engine()

    def test_a_sink_that_raises_does_no_harm(self) -> None:
        heard = []
        hook, sys.unraisablehook = sys.unraisablehook, lambda unraisable: heard.append(unraisable.exc_value)
        try:
            def sink(level: tenon.LogLevel, message: str) -> None:
                raise ValueError("no disk")

            tenon.set_log_sink(sink)
            add_engine()
        finally:
            sys.unraisablehook = hook
        self.assertEqual([str(error) for error in heard], ["no disk"])

    def test_an_exit_with_everything_alive(self) -> None:
        code = ("import numpy as np, tenon\n"
                "tenon.use_logging()\n"
                "n = tenon.Network.from_text('graph @n(%x: f32[2]) { %y = neg(%x) : f32[2] return %y as \"y\" }')\n"
                "o = tenon.BuildOptions(threads=2, measure=False, progress=print)\n"
                "c = tenon.build(n, o).create_context(); s = tenon.Stream()\n"
                "c.bind({'x': np.ones(2, np.float32)}); c.enqueue(s)\n"
                "a = tenon.Tensor(np.ones(3)).numpy()\n")
        done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
