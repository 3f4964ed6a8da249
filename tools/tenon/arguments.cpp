#include "arguments.hpp"

#include "progress_bar.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace tenon::tool {

namespace {

// With `open`, a dim may be '?', which becomes -1.
std::optional<Shape> read_shape(std::string_view text, bool open) {
  Shape shape;
  if (text == "scalar") return shape;
  while (true) {
    if (open && text.starts_with('?')) {
      shape.push_back(-1);
      text.remove_prefix(1);
    } else {
      std::int64_t dim = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
      if (error != std::errc() || dim < 0) return std::nullopt;
      shape.push_back(dim);
      text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    if (text.empty()) return shape;
    if (text[0] != 'x') return std::nullopt;
    text.remove_prefix(1);
  }
}

}  // namespace

std::optional<Shape> parse_shape(std::string_view text) { return read_shape(text, false); }

std::pair<std::string, Shape> parse_input_shape(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string::npos && colon > 0) {
    if (auto shape = read_shape(std::string_view(text).substr(colon + 1), true))
      return {text.substr(0, colon), std::move(*shape)};
  }
  throw ModelError(fmt::format(
      "--input-shape '{}': expected NAME:SHAPE with a shape like 1x3x224x224, or ?x3x?x? with open dims",
      text));
}

std::pair<std::string, ImageOrder> parse_input_order(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon != std::string::npos && colon > 0) {
    const std::string_view order = std::string_view(text).substr(colon + 1);
    const std::string name = text.substr(0, colon);
    if (order == "nchw") return {name, ImageOrder::nchw};
    if (order == "nhwc") return {name, ImageOrder::nhwc};
    if (order == "nc") return {name, ImageOrder::nc};
  }
  throw ModelError(fmt::format("--input-order '{}': expected NAME:ORDER with nchw, nhwc or nc", text));
}

namespace {

// "NAME:MIN:OPT:MAX" or "NAME:ONE". From the right, since names may contain ':'.
template <class Parse>
std::optional<std::pair<std::string, ShapeRange>> read_range(const std::string& text, const Parse& parse) {
  std::vector<Shape> parts;
  std::string_view rest = text;
  while (parts.size() < 3) {
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos || colon == 0) break;
    const std::optional<Shape> part = parse(rest.substr(colon + 1));
    if (!part) break;
    parts.insert(parts.begin(), *part);
    rest = rest.substr(0, colon);
  }
  if (parts.size() == 3) return std::pair(std::string(rest), ShapeRange{parts[0], parts[1], parts[2]});
  if (parts.empty()) return std::nullopt;
  const Shape& one = parts.back();
  return std::pair(text.substr(0, text.rfind(':')), ShapeRange{one, one, one});
}

// "4,8,-1".
std::optional<Shape> parse_values(std::string_view text) {
  Shape values;
  while (true) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt;
    values.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.empty()) return values;
    if (text[0] != ',') return std::nullopt;
    text.remove_prefix(1);
  }
}

}  // namespace

std::pair<std::string, ShapeRange> parse_shape_range(const std::string& text) {
  if (auto range = read_range(text, parse_shape)) return std::move(*range);
  throw ModelError(fmt::format(
      "--shapes '{}': expected NAME:MIN:OPT:MAX or NAME:SHAPE with shapes like 1x3x224x224", text));
}

std::pair<std::string, ShapeRange> parse_value_range(const std::string& text) {
  if (auto range = read_range(text, parse_values)) return std::move(*range);
  throw ModelError(
      fmt::format("--values '{}': expected NAME:MIN:OPT:MAX or NAME:VALUES with values like 64,64", text));
}

float parse_number(std::string_view text, std::string_view option) {
  const auto number = [&](std::string_view part) {
    double value = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc() || end != part.data() + part.size() || !std::isfinite(value)) {
      throw ModelError(fmt::format("{} '{}': expected a number or a fraction like 1/255", option, text));
    }
    return value;
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return static_cast<float>(number(text));
  const double divisor = number(text.substr(slash + 1));
  if (divisor == 0) throw ModelError(fmt::format("{} '{}': division by 0", option, text));
  return static_cast<float>(number(text.substr(0, slash)) / divisor);
}

void ModelArguments::add_to(CLI::App& app) {
  const char* group = "Import";
  app.add_option("--weights", weights, "The file of weights that belongs to the model (Caffe: .caffemodel)")
      ->group(group);
  app.add_option("--random-weights", random_weights,
                 "Seed for random weights, where the model comes without (Caffe)")
      ->group(group);
  app.add_option(
         "--inputs", inputs,
         "Values that become inputs, where the model leaves that open; comma-separated, may be repeated")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(group);
  app.add_option(
         "--output", outputs,
         "A value to give out, by its name in the model; may be repeated (default: the model's outputs)")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--input-shape", input_shapes,
                 "NAME:SHAPE in place of what the model declares, e.g. data:1x3x500x500; '?' is a dim that "
                 "stays open, for --shapes; may be repeated")
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--input-order", input_orders,
                 "NAME:ORDER, how the input is given: nchw, nhwc or nc; may be repeated (UFF)")
      ->allow_extra_args(false)
      ->group(group);
}

void ModelArguments::add_mean(CLI::App& app) {
  app.add_option("--mean", mean,
                 "A mean image (Caffe: binaryproto) that the network subtracts from its input")
      ->group("Import");
}

ImportOptions ModelArguments::options() const {
  ImportOptions options;
  options.weights = weights;
  options.random_weights = random_weights;
  options.mean = mean;
  options.inputs = inputs;
  options.outputs = outputs;
  for (const std::string& text : input_shapes) {
    auto [name, shape] = parse_input_shape(text);
    if (!options.input_shapes.emplace(name, std::move(shape)).second) {
      throw ModelError(fmt::format("--input-shape names the input '{}' twice", name));
    }
  }
  for (const std::string& text : input_orders) {
    auto [name, order] = parse_input_order(text);
    if (!options.input_orders.emplace(name, order).second) {
      throw ModelError(fmt::format("--input-order names the input '{}' twice", name));
    }
  }
  return options;
}

void BuildArguments::add_shapes(CLI::App& app) {
  app.add_option(
         "--shapes", shapes,
         "Shapes of an input with symbolic dims: NAME:MIN:OPT:MAX, e.g. "
         "image:1x3x224x224:4x3x224x224:8x3x224x224, or "
         "NAME:SHAPE for one shape; may be repeated. Symbolic dims of inputs that are not named become 1")
      ->allow_extra_args(false);
  app.add_option("--values", values,
                 "Values of an integer input that become dims: NAME:MIN:OPT:MAX, e.g. "
                 "size:32,32:64,64:256,256, or NAME:VALUES; may be repeated")
      ->allow_extra_args(false);
}

void BuildArguments::add_profiles(CLI::App& app) {
  app.add_option(
         "--profile", profiles,
         "N: the --shapes and --values behind it are those of optimization profile N; may be repeated, "
         "for several profiles from 0 on in one engine")
      ->allow_extra_args(false);
  app_ = &app;
}

void BuildArguments::add_threads(CLI::App& app) {
  app.add_option("--threads", threads,
                 "Threads (default: for models all cores, for engines what they were built for)")
      ->check(CLI::Range(1, 4096));
}

void BuildArguments::add_device(CLI::App& app) {
  app.add_option("--device", device, "cpu (default), or ref: the slow reference backend")
      ->check(CLI::IsMember({"cpu", "ref"}));
}

void BuildArguments::add_accuracy(CLI::App& app) {
  app.add_option(
         "--accuracy", accuracy,
         "exact: only algorithms that round like the direct ones; standard (default): also those with a "
         "small error factor; relaxed: all")
      ->check(CLI::IsMember({"exact", "standard", "relaxed"}));
}

void BuildArguments::add_half(CLI::App& app) {
  app.add_flag("--bf16", bf16,
               "Keep values in bfloat16 between layers, and multiply them, where it is faster");
  app.add_flag("--fp16", fp16, "The same in float16");
  app.add_flag("--best", best,
               "Whatever is fastest: --bf16 and --fp16; in a build with a calibration also --int8");
}

void BuildArguments::add_tuning(CLI::App& app) {
  app.add_option("--timing-cache", timing_cache,
                 "File with measured times of tactics: read when it exists, then completed");
  app.add_option("--build-budget", build_budget,
                 "Seconds after which no further tactic is timed, the cost model chooses (default: no limit)")
      ->check(CLI::Range(0.0, 86400.0));
  app.add_flag("--no-tune", no_tune, "Choose tactics by the cost model, without measuring");
}

void BuildArguments::add_pipeline(CLI::App& app) {
  app.add_option("--pipeline", pipeline,
                 "Passes to run instead of the default ones, comma-separated (see tenon list passes)");
  app.add_flag("--raw", raw, "Run no passes: the network as it was imported");
}

namespace {

void add_range(std::map<std::string, ShapeRange>& ranges, const char* option,
               std::pair<std::string, ShapeRange> range) {
  if (!ranges.insert(range).second)
    throw ModelError(fmt::format("{} names the input '{}' twice", option, range.first));
}

}  // namespace

std::vector<OptimizationProfile> BuildArguments::profile_list() const {
  std::vector<OptimizationProfile> list;
  OptimizationProfile* current = nullptr;
  auto profile = profiles.begin();
  auto shape = shapes.begin(), value = values.begin();
  const auto owner = [&](const char* option) -> OptimizationProfile& {
    if (current != nullptr) return *current;
    throw ModelError(fmt::format("{} stands before the first --profile, so it belongs to none", option));
  };
  for (const CLI::Option* option : app_->parse_order()) {
    if (option->check_lname("profile")) {
      const std::size_t number = *profile++;
      if (number > list.size()) {
        throw ModelError(
            fmt::format("--profile {}: profiles are numbered from 0 on, {} comes next", number, list.size()));
      }
      if (number == list.size()) list.emplace_back();
      current = &list[number];
    } else if (option->check_lname("shapes")) {
      add_range(owner("--shapes").shapes, "--shapes", parse_shape_range(*shape++));
    } else if (option->check_lname("values")) {
      add_range(owner("--values").values, "--values", parse_value_range(*value++));
    }
  }
  return list;
}

void ProfileArguments::add_to(CLI::App& app) {
  app.add_option(
      "--use-profile", profile,
      "Which of an engine's optimization profiles to use (default: the first that takes the inputs)");
}

Context ProfileArguments::open(
    const Engine& engine,
    const std::function<void(Context&, const std::vector<TensorInfo>&)>& set_inputs) const {
  const auto prepared = [&](std::size_t number) {
    Context context = engine.create_context(number);
    set_inputs(context, engine.profiles()[number].inputs);
    context.prepare();
    return context;
  };
  if (profile || engine.profiles().size() == 1) return prepared(profile.value_or(0));
  std::string refusals;
  for (std::size_t i = 0; i < engine.profiles().size(); ++i) {
    try {
      return prepared(i);
    } catch (const ModelError& error) {
      refusals += fmt::format("\n  profile {}: {}", i, error.message());
    }
  }
  throw ModelError("no profile of the engine takes these inputs:" + refusals);
}

BuildOptions BuildArguments::options() const {
  BuildOptions options;
  options.device = device == "ref" ? Device::reference : Device::cpu;
  options.threads = threads;
  if (profiles.empty()) {
    for (const std::string& text : shapes) add_range(options.shapes, "--shapes", parse_shape_range(text));
    for (const std::string& text : values) add_range(options.values, "--values", parse_value_range(text));
  } else {
    options.profiles = profile_list();
  }
  if (accuracy == "exact") options.accuracy = Accuracy::exact;
  if (accuracy == "relaxed") options.accuracy = Accuracy::relaxed;
  options.timing_cache = timing_cache;
  options.optimize = !raw;
  options.measure = !no_tune;
  options.budget_s = build_budget;
  if (bf16 || best) options.half.types.push_back(DataType::bf16);
  if (fp16 || best) options.half.types.push_back(DataType::f16);
  options.pipeline = pipeline;
  return options;
}

Network load_network(const std::filesystem::path& path, const ImportOptions& importing) {
  switch (file_kind(path)) {
    case FileKind::model: return Network::load(path, importing);
    case FileKind::engine:
      throw ModelError(
          fmt::format("'{}' is an engine that was built already; a model is needed here", path.string()));
    case FileKind::image:
    case FileKind::npy:
    case FileKind::npz: break;
  }
  throw ModelError(fmt::format("'{}' is no model, see tenon list formats", path.string()));
}

namespace {

bool says_something(const ImportOptions& importing) {
  return !importing.weights.empty() || importing.random_weights || !importing.mean.empty() ||
         !importing.inputs.empty() || !importing.outputs.empty() || !importing.input_shapes.empty() ||
         !importing.input_orders.empty();
}

}  // namespace

Engine open_engine(const std::filesystem::path& path, const ImportOptions& importing,
                   const BuildArguments& arguments, const BuildOptions& options, ProgressBar& bar) {
  if (file_kind(path) != FileKind::engine) {
    const Network network = load_network(path, importing);
    BuildOptions with_progress = options;
    with_progress.progress = bar.callback();
    with_progress.portable = false;
    return build(network, with_progress);
  }
  if (says_something(importing)) {
    throw ModelError(
        fmt::format("'{}' is an engine: how a model is imported has been decided already", path.string()));
  }
  if (!arguments.device.empty())
    throw ModelError("--device is for models; an engine has been built for its device already");
  if (!arguments.accuracy.empty())
    throw ModelError("--accuracy is for models; the algorithms of an engine have been chosen already");
  LoadOptions load;
  load.threads = arguments.threads;
  return load_or_retune(path, options, load);
}

}  // namespace tenon::tool
