#include "base/check.hpp"
#include "base/mapped_file.hpp"
#include "exporters/onnx/export.hpp"
#include "importers/format.hpp"
#include "importers/onnx/import.hpp"
#include "ir/graph.hpp"
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "ops/registry.hpp"

#include <tenon/builder.hpp>

namespace tenon {
namespace {

TensorInfo describe(std::string name, const Type& type) {
  TensorInfo info;
  info.name = std::move(name);
  info.type = type.to_string();
  info.is_tensor = type.is_tensor();
  if (!type.is_tensor()) return info;
  info.dtype = type.as_tensor().dtype;
  if (!type.as_tensor().dims) return info;
  for (const Dim& dim : *type.as_tensor().dims) {
    info.dims.push_back(dim.to_string());
    info.min.push_back(dim.is_const() ? dim.value() : 0);
    info.opt.push_back(dim.is_const() ? dim.value() : -1);
    info.max.push_back(dim.is_const() ? dim.value() : -1);
  }
  return info;
}

}  // namespace

Network::Network(Graph graph) : graph_(std::make_unique<Graph>(std::move(graph))) {}
Network::Network(const Network& other) : graph_(std::make_unique<Graph>(*other.graph_)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(const Network& other) {
  graph_ = std::make_unique<Graph>(*other.graph_);
  return *this;
}
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

Network Network::load(const std::filesystem::path& path, const ImportOptions& options) {
  return Network(import_model(path, options));
}
Network Network::from_onnx(std::span<const std::byte> bytes) { return Network(import_onnx(bytes)); }
Network Network::load_text(const std::filesystem::path& path) {
  return Network(read_text(path, builtin_ops()));
}
Network Network::from_text(std::string_view text) { return Network(parse(text, builtin_ops())); }

std::string Network::name() const { return graph_->name(); }

std::vector<TensorInfo> Network::inputs() const {
  std::vector<TensorInfo> infos;
  for (ValueId id : graph_->inputs())
    infos.push_back(describe(graph_->value(id).name, graph_->value(id).type));
  return infos;
}

std::vector<TensorInfo> Network::outputs() const {
  std::vector<TensorInfo> infos;
  for (std::size_t i = 0; i < graph_->outputs().size(); ++i) {
    infos.push_back(describe(graph_->output_names()[i], graph_->value(graph_->outputs()[i]).type));
  }
  return infos;
}

std::string Network::to_text() const { return print(*graph_); }
void Network::save_text(const std::filesystem::path& path) const { write_text(*graph_, path); }
void Network::save_onnx(const std::filesystem::path& path) const { write_onnx(*graph_, path); }

}  // namespace tenon
