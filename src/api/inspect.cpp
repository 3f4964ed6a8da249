#include "api/backends.hpp"
#include "backends/cpu/kernels/kernel.hpp"
#include "backends/ref/ref.hpp"
#include "base/check.hpp"
#include "base/cpu_info.hpp"
#include "base/knobs.hpp"
#include "base/text.hpp"
#include "importers/format.hpp"
#include "importers/onnx/registry.hpp"
#include "ir/graph.hpp"
#include "ops/registry.hpp"
#include "passes/pipelines.hpp"
#include "plan/plan_file.hpp"

#include <tenon/image.hpp>
#include <tenon/inspect.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>

namespace tenon {

std::string version() { return TENON_VERSION; }

FileKind file_kind(const std::filesystem::path& path) {
  TENON_REQUIRE(std::filesystem::exists(path), "there is no file {}", quote(path.string()));
  if (std::filesystem::is_directory(path)) {
    TENON_REQUIRE(model_formats().find(path) != nullptr, "{} is a directory, and no model",
                  quote(path.string()));
    return FileKind::model;
  }
  std::ifstream file(path, std::ios::binary);
  TENON_REQUIRE(file.good(), "cannot open {}", quote(path.string()));
  std::array<char, 16> head{};
  file.read(head.data(), head.size());
  const auto size = static_cast<std::size_t>(file.gcount());
  TENON_REQUIRE(size > 0, "{} is empty", quote(path.string()));
  if (looks_like_plan(std::as_bytes(std::span(head)).first(size))) return FileKind::engine;
  if (std::string_view(head.data(), size).starts_with("\x93NUMPY")) return FileKind::npy;
  if (std::string_view(head.data(), size).starts_with("PK\x03\x04")) return FileKind::npz;
  if (is_image_file(path)) return FileKind::image;
  return FileKind::model;
}

void check_engine_file(const std::filesystem::path& path) {
  static_cast<void>(load_plan(path));
  verify_blobs(path);
}

std::map<std::string, std::size_t> op_counts(const Network& network) {
  std::map<std::string, std::size_t> counts;
  for (const NodeId id : network.graph().all_nodes())
    ++counts[std::string(network.graph().node(id).op.name())];
  return counts;
}

Network load_reproducer(const std::filesystem::path& path, BuildOptions& options) {
  Reproducer reproducer = read_reproducer(path, builtin_ops());
  options.pipeline = reproducer.pipeline;
  options.rule_order_seed = reproducer.rule_order_seed;
  options.stop_after_rewrites = reproducer.stop_after_rewrites;
  return Network(std::move(reproducer.graph));
}

Listing list_ops() {
  Listing list{{"op", "attributes", "reference", "tactics"}, {}};
  const TacticRegistry& tactics = builtin_tactics(Device::cpu);
  for (const std::string& op : builtin_ops().names()) {
    std::vector<std::string> attributes;
    for (const auto& attribute : builtin_ops().find(op)->attributes())
      attributes.emplace_back(attribute.name);
    std::vector<std::string> names;
    for (const Tactic* tactic : tactics.for_op(op)) {
      if (tactic->op() == op) names.emplace_back(tactic->name());
    }
    list.rows.push_back(
        {op, join(attributes), ref::registry().find(op) != nullptr ? "yes" : "no", join(names)});
  }
  return list;
}

Listing list_passes() {
  Listing list{{"pass", "default", "what it does"}, {}};
  std::vector<std::string> listed;
  const auto add = [&](const Pass& pass, const char* in_default) {
    if (std::find(listed.begin(), listed.end(), pass.name()) != listed.end()) return;
    listed.emplace_back(pass.name());
    list.rows.push_back({std::string(pass.name()), in_default, std::string(pass.summary())});
  };
  for (const Pass& pass : default_pipeline()) add(pass, "yes");
  for (const std::string& pass : builtin_passes().names()) add(*builtin_passes().find(pass), "no");
  return list;
}

Listing list_tactics() {
  Listing list{{"tactic", "version", "op", "error factor"}, {}};
  for (const Tactic* tactic : builtin_tactics(Device::cpu).all()) {
    list.rows.push_back({std::string(tactic->name()), std::to_string(tactic->version()),
                         std::string(tactic->op()), fmt::format("{:g}", tactic->error_factor())});
  }
  return list;
}

Listing list_kernels() {
  Listing list{{"kernel", "family", "isa", "runs here"}, {}};
  for (const cpu::KernelInfo& kernel : cpu::kernel_registry().kernels()) {
    list.rows.push_back({kernel.name, kernel.family, std::string(isa_name(kernel.isa)),
                         isa_supported(kernel.isa) ? "yes" : "no"});
  }
  return list;
}

Listing list_onnx() {
  Listing list{{"domain", "operator", "opset"}, {}};
  for (const onnx::Registry::Operator& op : onnx::registry().operators()) {
    list.rows.push_back(
        {op.domain.empty() ? "ai.onnx" : op.domain, op.op_type, onnx::to_string(op.versions)});
  }
  return list;
}

Listing list_formats() {
  Listing list{{"format", "extensions"}, {}};
  for (const ModelFormat& format : model_formats().all()) {
    list.rows.push_back({std::string(format.name), fmt::format("{}", fmt::join(format.extensions, " "))});
  }
  return list;
}

Listing list_knobs() {
  Listing list{{"knob", "variable", "type", "default", "value", "meaning"}, {}};
  for (const KnobInfo& knob : all_knobs()) {
    list.rows.push_back({std::string(knob.name), knob.variable, std::string(knob.type), knob.fallback,
                         knob.value.value_or(knob.fallback), std::string(knob.doc)});
  }
  return list;
}

}  // namespace tenon
