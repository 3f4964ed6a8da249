// Options that several subcommands share, and opening what they work on.
#pragma once

#include <tenon/builder.hpp>
#include <tenon/inspect.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
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

// The same for values, "4,8"; one of them may be negative. ModelError.
std::pair<std::string, ShapeRange> parse_value_range(const std::string& text);

// A number or a fraction, "0.5", "1/255". ModelError naming `option`.
float parse_number(std::string_view text, std::string_view option);

// "NAME:1x3x?x?", '?' a dim that stays open. ModelError.
std::pair<std::string, Shape> parse_input_shape(const std::string& text);

// "NAME:nchw", or nhwc or nc. ModelError.
std::pair<std::string, ImageOrder> parse_input_order(const std::string& text);

// How a model is imported.
struct ModelArguments {
  std::string weights;
  std::optional<std::uint64_t> random_weights;
  std::string mean;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  std::vector<std::string> input_shapes;
  std::vector<std::string> input_orders;

  void add_to(CLI::App& app);    // all but --mean
  void add_mean(CLI::App& app);  // where InputArguments has no --mean of its own
  ImportOptions options() const;
};

struct BuildArguments {
  std::vector<std::string> shapes;
  std::vector<std::string> values;
  std::vector<std::size_t> profiles;  // numbers, each before the shapes and values that are its
  int threads = 0;
  std::string device;
  std::string accuracy;
  std::string timing_cache;
  std::string pipeline;
  double build_budget = 0;
  bool no_tune = false;
  bool raw = false;
  bool bf16 = false;
  bool fp16 = false;
  bool best = false;

  void add_shapes(CLI::App& app);    // --shapes, --values
  void add_profiles(CLI::App& app);  // --profile, beside these
  void add_threads(CLI::App& app);
  void add_device(CLI::App& app);
  void add_accuracy(CLI::App& app);
  void add_half(CLI::App& app);      // --bf16, --fp16, --best
  void add_tuning(CLI::App& app);    // --timing-cache, --no-tune, --build-budget
  void add_pipeline(CLI::App& app);  // --pipeline, --raw

  bool half() const { return bf16 || fp16 || best; }
  BuildOptions options() const;

 private:
  std::vector<OptimizationProfile> profile_list() const;

  CLI::App* app_ = nullptr;  // with --profile: knows in which order the options came
};

// Which of an engine's profiles is used.
struct ProfileArguments {
  std::optional<std::size_t> profile;

  void add_to(CLI::App& app);

  // A context that is prepared for the inputs that `set_inputs` gives it (with the profile's inputs): under
  // the profile asked for, or the first that takes them. ModelError where none does.
  Context open(const Engine& engine,
               const std::function<void(Context&, const std::vector<TensorInfo>&)>& set_inputs) const;
};

// A model of any format. ModelError when the file is something else.
Network load_network(const std::filesystem::path& path, const ImportOptions& importing = {});

// Loads an engine file, or builds an engine of a model. A plan that was made for another machine is built
// again from its portable section.
Engine open_engine(const std::filesystem::path& path, const ImportOptions& importing,
                   const BuildArguments& arguments, const BuildOptions& options, ProgressBar& bar);

}  // namespace tenon::tool
