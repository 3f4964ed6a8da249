#include "caffe/support.hpp"

#include "backends/ref/ref.hpp"
#include "importers/caffe/import.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>

namespace tenon::test {
namespace {

std::string names(const std::string& field, const std::string& list) {
  std::string text;
  std::istringstream in(list);
  for (std::string name; in >> name;) text += fmt::format("{}: \"{}\" ", field, name);
  return text;
}

std::string text_of(const LayerCase& test) {
  std::string prototxt;
  std::string bottoms;
  std::string tops;
  for (std::size_t i = 0; i < test.inputs.size(); ++i) {
    const std::string name = fmt::format("x{}", i);
    std::string shape;
    for (const std::int64_t dim : test.inputs[i].shape()) shape += fmt::format("dim: {} ", dim);
    prototxt += fmt::format(
        "layer {{ name: \"{0}\" type: \"Input\" top: \"{0}\" input_param {{ shape {{ {1} }} }} }}\n", name,
        shape);
    bottoms += name + " ";
  }
  for (int i = 0; i < test.tops; ++i) tops += fmt::format("y{} ", i);
  return prototxt + layer(test.type, test.fields, bottoms, tops);
}

std::vector<LayerBlobs> weights_of(const LayerCase& test) {
  if (test.blobs.empty()) return {};
  return {{"l", test.blobs}};
}

}  // namespace

std::string layer(const std::string& type, const std::string& fields, const std::string& bottoms,
                  const std::string& tops) {
  return fmt::format("layer {{ name: \"l\" type: \"{}\" {}{}{} }}\n", type, names("bottom", bottoms),
                     names("top", tops), fields);
}

std::string input(const std::string& name, const Shape& shape) {
  std::string text = fmt::format("input: \"{}\" input_shape {{ ", name);
  for (const std::int64_t dim : shape) text += fmt::format("dim: {} ", dim);
  return text + "}\n";
}

Graph import_net(const std::string& prototxt, const std::vector<LayerBlobs>& weights,
                 const ImportOptions& options) {
  const std::string bytes = caffemodel(weights);
  const std::string_view view = bytes;
  Graph graph = import_caffe(prototxt, weights.empty() ? nullptr : &view, options);
  graph.verify();
  return graph;
}

std::string net_error(const std::string& prototxt, const std::vector<LayerBlobs>& weights,
                      const ImportOptions& options) {
  try {
    import_net(prototxt, weights, options);
  } catch (const ModelError& error) {
    return error.message();
  }
  return {};
}

std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> outputs;
  const std::vector<Data> operands(inputs.begin(), inputs.end());
  for (const Data& data : ref::evaluate(graph, operands)) outputs.push_back(data.tensor());
  return outputs;
}

Tensor floats(Shape shape, const Floats& values) { return Tensor::of<float>(std::move(shape), values); }

Tensor counting(Shape shape, float step) {
  Tensor tensor(DataType::f32, std::move(shape));
  float value = 0;
  for (float& element : tensor.mutable_values<float>()) {
    element = value;
    value += step;
  }
  return tensor;
}

std::vector<Tensor> run_layer(const LayerCase& test) {
  ImportOptions options;
  for (int i = 0; i < test.tops; ++i) options.outputs.push_back(fmt::format("y{}", i));
  return evaluate(import_net(text_of(test), weights_of(test), options), test.inputs);
}

std::string layer_error(const LayerCase& test) { return net_error(text_of(test), weights_of(test)); }

void expect_close(const Tensor& found, const Shape& shape, const Floats& values) {
  ASSERT_EQ(found.shape(), shape);
  ASSERT_EQ(found.dtype(), DataType::f32);
  float largest = 1;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  const auto elements = found.values<float>();
  ASSERT_EQ(elements.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    ASSERT_NEAR(elements[i], values[i], 1e-5F * largest)
        << "at " << i << " of " << fmt::format("{}", elements) << "\nexpected " << fmt::format("{}", values);
  }
}

}  // namespace tenon::test
