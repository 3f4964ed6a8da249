// Shorthands of the Caffe importer's tests.
#pragma once

#include "caffe/model_writer.hpp"
#include "ir/graph.hpp"

#include <tenon/import.hpp>

#include <string>
#include <vector>

namespace tenon::test {

using Floats = std::vector<float>;

// "layer { name: … type: … bottom: … top: "y" FIELDS }"; bottoms are names, separated by blanks.
std::string layer(const std::string& type, const std::string& fields, const std::string& bottoms = "x",
                  const std::string& tops = "y");
// A legacy input, for the beginning of a prototxt.
std::string input(const std::string& name, const Shape& shape);

Graph import_net(const std::string& prototxt, const std::vector<LayerBlobs>& weights = {},
                 const ImportOptions& options = {});
// The message of the ModelError that importing ends with; "" when there is none.
std::string net_error(const std::string& prototxt, const std::vector<LayerBlobs>& weights = {},
                      const ImportOptions& options = {});

// All outputs on the reference backend.
std::vector<Tensor> evaluate(const Graph& graph, const std::vector<Tensor>& inputs);
Tensor floats(Shape shape, const Floats& values);
Tensor counting(Shape shape, float step = 1);  // 0, step, 2·step, …

// One layer "l" on inputs x0, x1, …: imported, evaluated; all its tops y0, y1, …
struct LayerCase {
  std::string type;
  std::string fields;
  std::vector<Tensor> inputs;
  std::vector<BlobText> blobs = {};
  int tops = 1;
};
std::vector<Tensor> run_layer(const LayerCase& test);
std::string layer_error(const LayerCase& test);

// Fails the test where shape or values differ; values may be off by 1e-5 of the largest.
void expect_close(const Tensor& found, const Shape& shape, const Floats& values);

}  // namespace tenon::test
