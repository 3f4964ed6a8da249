// Options that several subcommands share, and opening what they work on.
#pragma once

#include <tenon/builder.hpp>
#include <tenon/inspect.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace tenon::tool {

class ProgressBar;

// "1x3x224x224"; "scalar" is []. Nothing for what is no shape.
std::optional<Shape> parse_shape(std::string_view text);

// "NAME:MIN:OPT:MAX" or "NAME:SHAPE"; the name may contain ':'. ModelError.
std::pair<std::string, ShapeRange> parse_shape_range(const std::string& text);

// A number or a fraction, "0.5", "1/255". ModelError naming `option`.
float parse_number(std::string_view text, std::string_view option);

struct BuildArguments {
  std::vector<std::string> shapes;
  int threads = 0;
  std::string device;
  std::string timing_cache;
  std::string pipeline;
  bool no_tune = false;
  bool raw = false;

  void add_shapes(CLI::App& app);
  void add_threads(CLI::App& app);
  void add_device(CLI::App& app);
  void add_tuning(CLI::App& app);    // --timing-cache, --no-tune
  void add_pipeline(CLI::App& app);  // --pipeline, --raw

  BuildOptions options() const;
};

// ONNX, or textual IR (*.ir). ModelError when the file is something else.
Network load_network(const std::filesystem::path& path);

// Loads an engine file, or builds an engine of a model. A plan that was made for another machine is built
// again from its portable section.
Engine open_engine(const std::filesystem::path& path, const BuildArguments& arguments,
                   const BuildOptions& options, ProgressBar& bar);

}  // namespace tenon::tool
