// The graphs in data/, which make_cases.py writes: networks with inputs, and what TensorFlow computes of
// them.
#pragma once

#include <tenon/tensor.hpp>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace tenon::test {

struct TensorFlowCase {
  std::string name;
  std::filesystem::path path;
  std::map<std::string, Tensor> inputs;    // by the names of the graph's inputs
  std::map<std::string, Tensor> expected;  // by the names of its outputs
  std::set<std::string> operators;         // of every node, those of functions included
};

std::vector<std::string> tensorflow_case_names();  // sorted
TensorFlowCase read_tensorflow_case(const std::string& name);

// "" when the tensors agree: floats within 2e-4 of each other relative to 1 and to the expected number, all
// else exactly; else what differs.
std::string difference(const Tensor& found, const Tensor& expected);

}  // namespace tenon::test
