"""The network writer: tiny variants are valid, repeatable and shaped as stated; the layer builder refuses wrong tensors."""

from __future__ import annotations

import unittest

from support import needs

needs("numpy", "onnx")

import numpy as np  # noqa: E402
from networks import NETWORKS, build_network  # noqa: E402
from networks.builder import NetBuilder  # noqa: E402


def output_shapes(model: object) -> list[list[int | str]]:
    return [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in model.graph.output]


class Networks(unittest.TestCase):
    def test_every_tiny_network_is_valid_with_free_and_fixed_batch(self) -> None:
        for name in NETWORKS:
            for batch in ("N", 2):
                with self.subTest(name, batch=batch):
                    for shape in output_shapes(build_network(name, batch, tiny=True).model()):
                        self.assertEqual(shape[0], batch)

    def test_the_same_call_gives_the_same_bytes(self) -> None:
        for name in NETWORKS:
            with self.subTest(name):
                first, second = (build_network(name, tiny=True).model().SerializeToString(deterministic=True)
                                 for _ in range(2))
                self.assertEqual(first, second)

    def test_batch_normalization_stays_a_node(self) -> None:
        operators = {n.op_type for n in build_network("resnet18", tiny=True).model().graph.node}
        self.assertLessEqual({"Conv", "BatchNormalization", "Relu", "Add", "Gemm"}, operators)

    def test_layer_normalization_can_be_written_as_its_parts(self) -> None:
        for name in ("bert_base", "vit_b16"):
            with self.subTest(name):
                whole, parts = ({n.op_type for n in build_network(name, tiny=True, decomposed_norm=d).model().graph.node}
                                for d in (False, True))
                self.assertIn("LayerNormalization", whole)
                self.assertNotIn("LayerNormalization", parts)
                self.assertLessEqual({"ReduceMean", "Pow", "Sqrt", "Div"}, parts)


class Builder(unittest.TestCase):
    def test_given_tensors_are_used(self) -> None:
        weight, bias = np.ones((2, 3), np.float32), np.zeros(2, np.float32)
        b = NetBuilder("net", {"fc.weight": weight, "fc.bias": bias})
        b.output("y", b.gemm("fc", b.input("x", ["N", 3], features=3), 2), ["N", 2])
        graph = b.model().graph
        self.assertEqual([i.name for i in graph.initializer], ["fc.weight", "fc.bias"])
        self.assertEqual(graph.initializer[0].raw_data, weight.tobytes())
        self.assertEqual(list(graph.node[0].output), ["y"])

    def test_missing_and_misshapen_tensors_are_refused(self) -> None:
        with self.assertRaisesRegex(KeyError, "fc.weight"):
            b = NetBuilder("net", {})
            b.gemm("fc", b.input("x", ["N", 3], features=3), 2)
        with self.assertRaisesRegex(ValueError, r"\[3, 2\], the layer wants \[2, 3\]"):
            b = NetBuilder("net", {"fc.weight": np.ones((3, 2), np.float32)})
            b.gemm("fc", b.input("x", ["N", 3], features=3), 2)

    def test_a_name_stands_for_one_tensor(self) -> None:
        b = NetBuilder("net")
        self.assertEqual(b.scalar("half", 0.5), b.scalar("half", 0.5))
        with self.assertRaisesRegex(ValueError, "two different tensors"):
            b.scalar("half", 0.25)

    def test_a_tensor_depends_on_its_name_alone(self) -> None:
        tensors = []
        for extra in (False, True):
            b = NetBuilder("net")
            x = b.input("x", [1, 3, 8, 8], features=3)
            x = b.conv("a", x, 3, 3) if extra else x
            b.output("y", b.conv("b", x, 4, kernel=3), [1, 4, 8, 8])
            tensors.append(next(i for i in b.model().graph.initializer if i.name == "b.weight").raw_data)
        self.assertEqual(tensors[0], tensors[1])


if __name__ == "__main__":
    unittest.main()
