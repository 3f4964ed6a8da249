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

std::pair<std::string, ShapeRange> parse_shape_range(const std::string& text) {
  // From the right, since names may contain ':'.
  std::vector<Shape> shapes;
  std::string_view rest = text;
  while (shapes.size() < 3) {
    const std::size_t colon = rest.rfind(':');
    if (colon == std::string_view::npos || colon == 0) break;
    const auto shape = parse_shape(rest.substr(colon + 1));
    if (!shape) break;
    shapes.insert(shapes.begin(), *shape);
    rest = rest.substr(0, colon);
  }
  if (shapes.size() == 3) return {std::string(rest), {shapes[0], shapes[1], shapes[2]}};
  if (!shapes.empty()) {
    const Shape& shape = shapes.back();
    return {text.substr(0, text.rfind(':')), {shape, shape, shape}};
  }
  throw ModelError(fmt::format(
      "--shapes '{}': expected NAME:MIN:OPT:MAX or NAME:SHAPE with shapes like 1x3x224x224", text));
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

BuildOptions BuildArguments::options() const {
  BuildOptions options;
  options.device = device == "ref" ? Device::reference : Device::cpu;
  options.threads = threads;
  for (const std::string& text : shapes) {
    auto [name, range] = parse_shape_range(text);
    if (!options.shapes.emplace(name, std::move(range)).second) {
      throw ModelError(fmt::format("--shapes names the input '{}' twice", name));
    }
  }
  if (accuracy == "exact") options.accuracy = Accuracy::exact;
  if (accuracy == "relaxed") options.accuracy = Accuracy::relaxed;
  options.timing_cache = timing_cache;
  options.optimize = !raw;
  options.measure = !no_tune;
  options.budget_s = build_budget;
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
