#include "api/backends.hpp"
#include "backends/cpu/kernels/kernel.hpp"
#include "backends/ref/ref.hpp"
#include "base/check.hpp"
#include "base/cpu_info.hpp"
#include "base/knobs.hpp"
#include "base/text.hpp"
#include "ir/graph.hpp"
#include "ops/registry.hpp"
#include "plan/plan_file.hpp"

#include <tenon/image.hpp>
#include <tenon/inspect.hpp>

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <fstream>

namespace tenon {

std::string version() { return TENON_VERSION; }

FileKind file_kind(const std::filesystem::path& path) {
  TENON_REQUIRE(std::filesystem::exists(path), "there is no file {}", quote(path.string()));
  TENON_REQUIRE(!std::filesystem::is_directory(path), "{} is a directory, not a file", quote(path.string()));
  std::ifstream file(path, std::ios::binary);
  TENON_REQUIRE(file.good(), "cannot open {}", quote(path.string()));
  std::array<char, 16> head{};
  file.read(head.data(), head.size());
  const auto size = static_cast<std::size_t>(file.gcount());
  TENON_REQUIRE(size > 0, "{} is empty", quote(path.string()));
  if (looks_like_plan(std::as_bytes(std::span(head)).first(size))) return FileKind::engine;
  if (std::string_view(head.data(), size).starts_with("\x93NUMPY")) return FileKind::npy;
  if (is_image_file(path)) return FileKind::image;
  return path.extension() == ".ir" ? FileKind::text_ir : FileKind::onnx;
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

std::string reproducer_pipeline(const std::filesystem::path& path) {
  constexpr std::string_view kMark = "// pipeline: ";
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line) && line.starts_with("//")) {
    if (line.starts_with(kMark)) return std::string(trim(std::string_view(line).substr(kMark.size())));
  }
  return {};
}

Listing list_ops() {
  Listing list{{"op", "attributes", "reference", "tactics"}, {}};
  const TacticRegistry& tactics = builtin_tactics(Device::cpu);
  for (const std::string& op : builtin_ops().names()) {
    std::vector<std::string> attributes;
    for (const auto& attribute : builtin_ops().find(op)->attributes())
      attributes.push_back(std::string(attribute.name));
    std::vector<std::string> names;
    for (const Tactic* tactic : tactics.for_op(op)) {
      if (tactic->op() == op) names.push_back(std::string(tactic->name()));
    }
    list.rows.push_back(
        {op, join(attributes), ref::registry().find(op) != nullptr ? "yes" : "no", join(names)});
  }
  return list;
}

Listing list_passes() { return {{"pass", "default", "what it does"}, {}}; }

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

Listing list_knobs() {
  Listing list{{"knob", "variable", "type", "default", "value", "meaning"}, {}};
  for (const KnobInfo& knob : all_knobs()) {
    list.rows.push_back({std::string(knob.name), knob.variable, std::string(knob.type), knob.fallback,
                         knob.value.value_or(knob.fallback), std::string(knob.doc)});
  }
  return list;
}

}  // namespace tenon
