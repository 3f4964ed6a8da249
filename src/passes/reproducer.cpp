// Files that repeat a failing pass: comment lines with the settings, then the graph.
#include "base/check.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"
#include "ir/parser.hpp"
#include "ir/printer.hpp"
#include "passes/pipeline.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace tenon {
namespace {

constexpr std::string_view kPipelineKey = "// pipeline: ";
constexpr std::string_view kSeedKey = "// rule-order-seed: ";
constexpr std::string_view kStopKey = "// stop-after-rewrites: ";

template <class T>
T parse_setting(std::string_view text, const std::string& path) {
  T value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  TENON_REQUIRE(result.ec == std::errc{} && result.ptr == text.data() + text.size(), "{}: {} is not a number",
                path, quote(text));
  return value;
}

std::string comment(std::string_view text) {
  std::string lines;
  for (const std::string_view line : split(text, '\n')) lines += fmt::format("// {}\n", line);
  return lines;
}

}  // namespace

void write_reproducer(const std::filesystem::path& path, const Reproducer& reproducer,
                      std::string_view error) {
  std::string header = "// A pass failed on this graph. Run it again with: tenon opt --reproduce FILE\n";
  header += comment(error);
  header += fmt::format("{}{}\n", kPipelineKey, reproducer.pipeline);
  if (reproducer.rule_order_seed != 0) header += fmt::format("{}{}\n", kSeedKey, reproducer.rule_order_seed);
  if (reproducer.stop_after_rewrites)
    header += fmt::format("{}{}\n", kStopKey, *reproducer.stop_after_rewrites);
  write_text(reproducer.graph, path, header);
}

Reproducer read_reproducer(const std::filesystem::path& path, const OpRegistry& registry) {
  const std::string name = path.string();
  Reproducer reproducer{read_text(path, registry), {}, 0, {}};
  const MappedFile file(path);
  std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  bool found = false;
  while (text.substr(0, 2) == "//") {
    const std::string_view line = trim(text.substr(0, text.find('\n')));
    const auto value_of = [&](std::string_view key) {
      return line.substr(std::min(key.size(), line.size()));
    };
    const auto is = [&](std::string_view key) { return line.substr(0, key.size()) == key; };
    if (is(kPipelineKey)) {
      reproducer.pipeline = value_of(kPipelineKey);
      found = true;
    } else if (is(kSeedKey)) {
      reproducer.rule_order_seed = parse_setting<std::uint64_t>(value_of(kSeedKey), name);
    } else if (is(kStopKey)) {
      reproducer.stop_after_rewrites = parse_setting<std::size_t>(value_of(kStopKey), name);
    }
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  TENON_REQUIRE(found, "{}: not a reproducer: no line '{}…'", name, kPipelineKey);
  return reproducer;
}

}  // namespace tenon
