"""The interpreter is free while Tenon works: other threads go on, and each may run a context of its own."""

from __future__ import annotations

import sys
import threading
import time
import unittest
from collections.abc import Callable

import numpy as np
import tenon
from support import DIGITS, add_engine, engine_of, pair


class Counter:
    """Counts in a thread of its own, which gets the interpreter only when another thread lets go of it by itself."""

    def __enter__(self) -> Counter:
        self.count, self._stop = 0, False
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(1000)
        self._thread = threading.Thread(target=self._work)
        self._thread.start()
        while self.count == 0:
            time.sleep(0.001)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        self._thread.join()
        sys.setswitchinterval(self._interval)

    def _work(self) -> None:
        while not self._stop:
            self.count += 1
            time.sleep(0)

    def goes_on_during(self, work: Callable[[], object]) -> bool:
        before = self.count
        for _ in range(20):  # a busy machine may not run the other thread in time
            work()
            if self.count > before:
                return True
        return False


def long_running() -> tuple[tenon.Engine, np.ndarray]:
    """Some ten milliseconds of work."""
    layers = "\n".join(f"%y{i} = matmul(%{'x' if i == 0 else f'y{i - 1}'}, %x) : f32[384,384]" for i in range(40))
    engine = engine_of(f"graph @slow(%x: f32[384,384]) {{ {layers} return %y39 as \"y\" }}")
    return engine, np.eye(384, dtype=np.float32)


class TheInterpreterIsFree(unittest.TestCase):
    def test_while_running(self) -> None:
        engine, x = long_running()
        context = engine.create_context()
        with Counter() as counter:
            self.assertTrue(counter.goes_on_during(lambda: context(x)))

    def test_while_building(self) -> None:
        layers = "\n".join(f"%y{i} = tanh(%{'x' if i == 0 else f'y{i - 1}'}) : f32[4]" for i in range(500))
        network = tenon.Network.from_text(f"graph @deep(%x: f32[4]) {{ {layers} return %y499 as \"y\" }}")
        with Counter() as counter:
            self.assertTrue(counter.goes_on_during(lambda: tenon.build(network, threads=1, measure=False)))

    def test_the_counter_sees_a_held_interpreter(self) -> None:
        with Counter() as counter:
            self.assertFalse(counter.goes_on_during(lambda: sum(range(200_000))))


class ManyThreads(unittest.TestCase):
    def test_contexts_of_one_engine(self) -> None:
        engine = add_engine()
        wrong = []

        def work(seed: int) -> None:
            context = engine.create_context()
            for i in range(100):
                a, b = pair(1 + (seed + i) % 8, seed)
                if not np.array_equal(context(a, b)[0], a + b):
                    wrong.append((seed, i))

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])

    def test_one_context_for_several_threads_is_refused(self) -> None:
        engine, x = long_running()
        context = engine.create_context()
        context(x)
        told = []

        def work() -> None:
            for _ in range(30):
                try:
                    context(x)
                except tenon.ModelError as error:
                    told.append(str(error))

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(told), {"the context is running in another thread: each thread needs a context of its own"})


class CallbacksFromOtherThreads(unittest.TestCase):
    def test_progress_is_told_and_may_stop_the_build(self) -> None:
        network = tenon.Network.load(DIGITS / "digits.onnx")
        stages = []
        tenon.build(network, threads=1, measure=False, progress=lambda *told: stages.append(told))
        for stage, done, total in stages:
            self.assertIsInstance(stage, str)
            self.assertLessEqual(done, total or done)

        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        if stages:
            with self.assertRaises(KeyboardInterrupt):
                tenon.build(network, threads=1, measure=False, progress=stop)


if __name__ == "__main__":
    unittest.main()
