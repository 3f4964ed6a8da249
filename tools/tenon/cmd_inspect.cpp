// tenon inspect: what an engine file holds.
#include "arguments.hpp"
#include "program.hpp"
#include "table.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace tenon::tool {
namespace {

struct Options {
  std::string engine;
  bool check = false;
  bool plan = false;
  bool json = false;
};

nlohmann::ordered_json to_json(const std::vector<TensorInfo>& infos) {
  auto json = nlohmann::ordered_json::array();
  for (const TensorInfo& info : infos) {
    json.push_back({{"name", info.name},
                    {"dtype", name(info.dtype)},
                    {"dims", info.dims},
                    {"min", info.min},
                    {"opt", info.opt},
                    {"max", info.max}});
    if (!info.values) continue;
    json.back()["values"] = {{"elements", info.values->elements},
                             {"min", info.values->min},
                             {"opt", info.values->opt},
                             {"max", info.values->max}};
  }
  return json;
}

std::string values_text(const Shape& values) { return fmt::format("{}", fmt::join(values, ",")); }

std::string lines(const std::vector<TensorInfo>& infos, const char* what) {
  std::string text;
  for (const TensorInfo& info : infos) {
    text += fmt::format("{}  '{}' {}", what, info.name, tensor_text(info));
    if (info.dynamic()) {
      text += fmt::format("  min {}  opt {}  max {}", shape_text(info.min), shape_text(info.opt),
                          shape_text(info.max));
    }
    if (info.values) {
      text += fmt::format("  values min {}  opt {}  max {}", values_text(info.values->min),
                          values_text(info.values->opt), values_text(info.values->max));
    }
    text += '\n';
  }
  return text;
}

nlohmann::ordered_json to_json(const Engine& engine, std::size_t number) {
  const ProfileInfo& profile = engine.profiles()[number];
  nlohmann::ordered_json json;
  json["steps"] = engine.steps(number).size();
  json["arena_bytes"] = profile.arena_bytes;
  json["arena_floor_bytes"] = profile.arena_floor;
  json["symbols"] = profile.symbols;
  json["inputs"] = to_json(profile.inputs);
  json["outputs"] = to_json(profile.outputs);
  return json;
}

std::string text_of(const Engine& engine, std::size_t number) {
  const ProfileInfo& profile = engine.profiles()[number];
  std::string text;
  if (engine.profiles().size() > 1) text += fmt::format("\nprofile  {}\n", number);
  text += lines(profile.inputs, "input ");
  text += lines(profile.outputs, "output");
  for (const std::string& symbol : profile.symbols) text += fmt::format("symbol   {}\n", symbol);
  text += fmt::format("steps    {}\n", engine.steps(number).size());
  const double ratio = profile.arena_floor > 0 ? static_cast<double>(profile.arena_bytes) /
                                                     static_cast<double>(profile.arena_floor)
                                               : 1;
  text += fmt::format("arena    {} ({} B), {:.3f} × the {} B that are live at once\n",
                      bytes_text(profile.arena_bytes), profile.arena_bytes, ratio, profile.arena_floor);
  return text;
}

int run(const Options& options) {
  if (file_kind(options.engine) != FileKind::engine) {
    throw ModelError(fmt::format("'{}' is no engine file (tenon dump shows models)", options.engine));
  }
  if (options.check) check_engine_file(options.engine);
  const Engine engine = Engine::load(options.engine);
  const EngineInfo& info = engine.info();
  if (options.json) {
    nlohmann::ordered_json json;
    json["network"] = info.network;
    json["producer"] = info.producer;
    json["isa"] = info.isa;
    json["threads"] = info.threads;
    json["weight_bytes"] = info.weight_bytes;
    for (std::size_t i = 0; i < engine.profiles().size(); ++i) json["profiles"].push_back(to_json(engine, i));
    if (options.check) json["checked"] = true;
    print_json(json);
    return kDone;
  }
  std::string text = fmt::format("network  '{}', by {}\n", info.network, info.producer);
  text += fmt::format("made for {}, {} threads\n", info.isa, info.threads);
  text += fmt::format("weights  {} ({} B)\n", bytes_text(info.weight_bytes), info.weight_bytes);
  for (std::size_t i = 0; i < engine.profiles().size(); ++i) text += text_of(engine, i);
  if (options.check) text += "checked  every checksum is right\n";
  if (options.plan) text += "\n" + engine.dump();
  print(text);
  return kDone;
}

}  // namespace

void add_inspect(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& app =
      program.add("inspect", "Show what an engine file holds", [options] { return run(*options); });
  app.add_option("ENGINE", options->engine, "Engine file")->required();
  app.add_flag("--check", options->check, "Recompute every checksum, those of the weights included");
  app.add_flag("--plan", options->plan, "Also show all buffers and steps");
  app.add_flag("--json", options->json, "Report as JSON");
}

}  // namespace tenon::tool
