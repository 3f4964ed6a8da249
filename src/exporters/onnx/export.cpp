#include "exporters/onnx/export.hpp"

#include "base/context.hpp"
#include "base/mapped_file.hpp"
#include "exporters/onnx/graph_writer.hpp"
#include "exporters/onnx/lower.hpp"

#include <fmt/format.h>

#include <ostream>

namespace tenon {
namespace {

using onnx_export::GraphWriter;
using onnx_export::TensorStore;

Graph lowered(const Graph& graph) {
  Graph copy = graph;
  copy.clear_taps();  // ONNX has outputs only
  onnx_export::lower(copy);
  return copy;
}

std::uint64_t constant_bytes(const Graph& graph) {
  std::uint64_t bytes = 0;
  for (const NodeId id : graph.all_nodes()) {
    for (const ValueId output : graph.node(id).outputs) {
      const Tensor* tensor = graph.constant(output);
      if (tensor != nullptr) bytes += tensor->size_bytes();
    }
  }
  return bytes;
}

}  // namespace

std::string to_onnx(const Graph& graph) {
  const Graph copy = lowered(graph);
  TensorStore tensors;
  return GraphWriter(copy, tensors).model();
}

void write_onnx(const Graph& graph, const std::filesystem::path& path, const OnnxExportOptions& options) {
  const Graph copy = lowered(graph);
  const bool external = constant_bytes(copy) > options.max_inline_bytes;
  std::filesystem::path data = path;
  data += ".data";
  TensorStore tensors(external ? data.filename().string() : std::string());
  const std::string model = GraphWriter(copy, tensors).model();
  if (external) write_file_atomically(data, [&](std::ostream& out) { tensors.write(out); });
  write_file_atomically(
      path, [&](std::ostream& out) { out.write(model.data(), static_cast<std::streamsize>(model.size())); });
}

}  // namespace tenon
