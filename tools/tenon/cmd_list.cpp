// tenon list: what this build consists of.
#include "program.hpp"
#include "table.hpp"

#include <tenon/inspect.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  std::string what;
  bool json = false;
};

Listing listing(const std::string& what) {
  if (what == "ops") return list_ops();
  if (what == "passes") return list_passes();
  if (what == "tactics") return list_tactics();
  if (what == "kernels") return list_kernels();
  if (what == "formats") return list_formats();
  if (what == "onnx") return list_onnx();
  return list_knobs();
}

int run(const Options& options) {
  const Listing list = listing(options.what);
  if (options.json) {
    auto json = nlohmann::ordered_json::array();
    for (const auto& row : list.rows) {
      nlohmann::ordered_json object;
      for (std::size_t i = 0; i < row.size(); ++i) object[list.columns[i]] = row[i];
      json.push_back(std::move(object));
    }
    print_json(json);
    return kDone;
  }
  Table table(list.columns);
  for (const auto& row : list.rows) table.add(row);
  print(table.text());
  return kDone;
}

}  // namespace

void add_list(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app = program.add(
      "list", "List model formats, operators of ONNX, operators, passes, tactics, kernels or knobs",
      [options] { return run(*options); });
  app.add_option("WHAT", options->what, "formats, onnx, ops, passes, tactics, kernels or knobs")
      ->required()
      ->check(CLI::IsMember({"formats", "onnx", "ops", "passes", "tactics", "kernels", "knobs"}));
  app.add_flag("--json", options->json, "As JSON");
}

}  // namespace tenon::tool
