#include "importers/format.hpp"

#include "base/check.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>

namespace tenon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kHeadBytes = 4096;

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

std::string read_head(const fs::path& path) {
  TENON_REQUIRE(fs::exists(path), "there is no file {}", quote(path.string()));
  if (fs::is_directory(path)) return {};
  std::ifstream file(path, std::ios::binary);
  TENON_REQUIRE(file.good(), "cannot open {}", quote(path.string()));
  std::string head(kHeadBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  return head;
}

struct OptionUse {
  ImportOption option;
  bool set;
  std::string_view what;
};

}  // namespace

const ModelFormat* FormatRegistry::find(const fs::path& path) const {
  const std::string head = read_head(path);
  const std::string extension = lower_extension(path);
  const bool directory = fs::is_directory(path);
  const auto named = [&](const ModelFormat& format) {
    const auto& list = format.extensions;
    return !directory && std::find(list.begin(), list.end(), extension) != list.end();
  };
  const auto fits = [&](const ModelFormat& format) {
    return format.recognizes != nullptr && format.recognizes(path, head);
  };
  for (const ModelFormat& format : formats_) {
    if (named(format) && (format.recognizes == nullptr || fits(format))) return &format;
  }
  for (const ModelFormat& format : formats_) {
    if (fits(format)) return &format;
  }
  for (const ModelFormat& format : formats_) {
    if (named(format)) return &format;
  }
  return directory || formats_.empty() ? nullptr : &formats_.front();
}

const FormatRegistry& model_formats() {
  static const FormatRegistry filled = [] {
    FormatRegistry formats;
    register_all_format(formats);
    return formats;
  }();
  return filled;
}

void check_options(const ModelFormat& format, const ImportOptions& options) {
  const OptionUse uses[] = {
      {ImportOption::weights, !options.weights.empty(), "file of weights"},
      {ImportOption::random_weights, options.random_weights.has_value(), "random weights"},
      {ImportOption::mean, !options.mean.empty(), "mean image"},
      {ImportOption::inputs, !options.inputs.empty(), "choice of inputs"},
      {ImportOption::outputs, !options.outputs.empty(), "choice of outputs"},
      {ImportOption::input_shapes, !options.input_shapes.empty(), "input shapes"},
      {ImportOption::input_orders, !options.input_orders.empty(), "input orders"},
  };
  for (const OptionUse& use : uses) {
    const bool taken = std::find(format.takes.begin(), format.takes.end(), use.option) != format.takes.end();
    TENON_REQUIRE(!use.set || taken, "a model in the format {} takes no {}", format.name, use.what);
  }
  for (const auto& [input, shape] : options.input_shapes) {
    for (const std::int64_t dim : shape) {
      TENON_REQUIRE(dim >= -1, "the shape given for input {} has the dim {}", quote(input), dim);
    }
  }
}

Graph import_model(const fs::path& path, const ImportOptions& options) {
  const ModelFormat* format = model_formats().find(path);
  TENON_REQUIRE(format != nullptr, "{} is a directory, and no model", quote(path.string()));
  check_options(*format, options);
  return format->load(path, options);
}

}  // namespace tenon
