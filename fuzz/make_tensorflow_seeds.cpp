// Writes small TensorFlow models to start fuzzing from: make_tensorflow_seeds FOLDER
#include "tensorflow/graph_writer.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

namespace {

using namespace tenon::test;  // NOLINT: the writer's vocabulary

GraphWriter convolution() {
  GraphWriter writer;
  writer.placeholder("x", {-1, 8, 8, 2}).floats("w", {3, 3, 2, 2}, std::vector<float>(36, 0.5F));
  writer.ints("block", {2}, {2, 2}).ints("pads", {2, 2}, {2, 2, 2, 2});
  writer.node("in", "SpaceToBatchND", {"x", "block", "pads"});
  writer.node("conv", "Conv2D", {"in", "w"},
              {string_attr("padding", "VALID"), ints_attr("strides", {1, 1, 1, 1})});
  writer.node("out", "BatchToSpaceND", {"conv", "block", "pads"}).node("relu", "Relu6", {"out"});
  writer.node(
      "pool", "MaxPool", {"relu"},
      {string_attr("padding", "SAME"), ints_attr("ksize", {1, 2, 2, 1}), ints_attr("strides", {1, 2, 2, 1})});
  return writer;
}

GraphWriter shapes() {
  GraphWriter writer;
  writer.placeholder("x", {-1, 4})
      .ints("begin", {1}, {0})
      .ints("end", {1}, {1})
      .ints("one", {1}, {1})
      .ints("rest", {}, {-1});
  writer.node("shape", "Shape", {"x"}, {type_attr("out_type", kIntType)});
  writer.node("n", "StridedSlice", {"shape", "begin", "end", "one"}, {int_attr("shrink_axis_mask", 1)});
  writer.node("dims", "Pack", {"n", "rest"}, {int_attr("axis", 0)}).node("y", "Reshape", {"x", "dims"});
  writer.node("sum", "Sum", {"y", "one"}, {bool_attr("keep_dims", true)}).node("z", "AddV2", {"y", "sum"});
  return writer;
}

GraphWriter loop() {
  GraphWriter writer;
  const Attribute frame = string_attr("frame_name", "loop");
  writer.placeholder("x", {2}).ints("zero", {}, {0}).ints("three", {}, {3}).ints("step", {}, {1});
  writer.node("ei", "Enter", {"zero"}, {frame}).node("ex", "Enter", {"x"}, {frame});
  writer.node("limit", "Enter", {"three"}, {frame, bool_attr("is_constant", true)});
  writer.node("one", "Enter", {"step"}, {frame, bool_attr("is_constant", true)});
  writer.node("mi", "Merge", {"ei", "ni"}).node("mx", "Merge", {"ex", "nx"});
  writer.node("less", "Less", {"mi", "limit"}).node("cond", "LoopCond", {"less"});
  writer.node("si", "Switch", {"mi", "cond"}).node("sx", "Switch", {"mx", "cond"});
  writer.node("inc", "Add", {"si:1", "one"}).node("neg", "Neg", {"sx:1"});
  writer.node("ni", "NextIteration", {"inc"}).node("nx", "NextIteration", {"neg"});
  writer.node("oi", "Exit", {"si"}).node("ox", "Exit", {"sx"}).node("y", "Identity", {"ox"});
  return writer;
}

GraphWriter condition() {
  GraphWriter writer;
  writer.placeholder("x", {2}).placeholder("p", {}, kBoolType).node("s", "Switch", {"x", "p"});
  writer.node("a", "Relu", {"s:0"})
      .node("b", "Neg", {"s:1"})
      .node("m", "Merge", {"a", "b"})
      .node("y", "Identity", {"m"});
  return writer;
}

GraphWriter calls() {
  GraphWriter body;
  body.node("r", "Relu", {"arg"});
  GraphWriter writer;
  writer.placeholder("x", {3}).placeholder("p", {}, kBoolType);
  writer.function("f", {"arg"}, {{"out", "r:activations:0"}}, body);
  writer.node("call", "PartitionedCall", {"x"}, {function_attr("f", "f")});
  writer.node("choice", "If", {"p", "call"},
              {function_attr("then_branch", "f"), function_attr("else_branch", "f")});
  return writer;
}

GraphWriter array() {
  GraphWriter writer;
  writer.placeholder("x", {2}).ints("n", {}, {2}).ints("i", {}, {0}).ints("all", {2}, {0, 1});
  writer.node("a", "TensorArrayV3", {"n"},
              {type_attr("dtype", kFloatType), shape_attr("element_shape", {2})});
  writer.node("w", "TensorArrayWriteV3", {"a", "i", "x", "a:1"})
      .node("g", "TensorArrayGatherV3", {"a", "all", "w"});
  return writer;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make_tensorflow_seeds FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
  };
  write("convolution", convolution().graph());
  write("shapes", shapes().graph());
  write("loop", loop().graph());
  write("condition", condition().graph());
  write("calls", calls().graph());
  write("array", array().graph());
  write("saved_model", shapes().saved_model({{"x", "x:0"}}, {{"z", "z:0"}}));
}
