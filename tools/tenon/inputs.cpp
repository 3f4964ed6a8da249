#include "inputs.hpp"

#include "progress_bar.hpp"
#include "table.hpp"

#include <tenon/inspect.hpp>
#include <tenon/io.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace tenon::tool {
namespace {

std::string names_of(const std::vector<TensorInfo>& infos) {
  std::string names;
  for (const TensorInfo& info : infos) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", info.name);
  return names.empty() ? "none" : names;
}

const TensorInfo& find_input(const std::vector<TensorInfo>& infos, const std::string& name,
                             const std::string& file) {
  if (name.empty()) {
    if (infos.size() == 1) return infos[0];
    throw ModelError(fmt::format("--input {}: say NAME=FILE, the network has {} inputs: {}", file,
                                 infos.size(), names_of(infos)));
  }
  for (const TensorInfo& info : infos) {
    if (info.name == name) return info;
  }
  throw ModelError(fmt::format("the network has no input '{}'; it has {}", name, names_of(infos)));
}

// WxH, or with `one` also N for the shorter side (height 0 then).
std::pair<int, int> parse_size(const std::string& text, const char* option, bool one) {
  const auto shape = parse_shape(text);
  const bool fits = shape && (shape->size() == 2 || (one && shape->size() == 1));
  if (!fits) {
    throw ModelError(fmt::format("{} '{}': expected WIDTHxHEIGHT{}", option, text,
                                 one ? " or the length of the shorter side" : ""));
  }
  for (const std::int64_t side : *shape) {
    if (side < 1 || side > 16384)
      throw ModelError(fmt::format("{} '{}': a side is 1 to 16384 pixels", option, text));
  }
  return {static_cast<int>((*shape)[0]), shape->size() == 2 ? static_cast<int>((*shape)[1]) : 0};
}

std::vector<float> parse_numbers(const std::vector<std::string>& texts, const char* option) {
  std::vector<float> values;
  values.reserve(texts.size());
  for (const std::string& text : texts) values.push_back(parse_number(text, option));
  return values;
}

void check(const TensorInfo& info, const Tensor& tensor, const std::string& file) {
  if (tensor.dtype() != info.dtype) {
    throw ModelError(fmt::format("input '{}' takes {}, '{}' holds {}", info.name, name(info.dtype), file,
                                 name(tensor.dtype())));
  }
  if (tensor.shape().size() != info.dims.size()) {
    throw ModelError(fmt::format("input '{}' takes {}, '{}' holds {}", info.name, tensor_text(info), file,
                                 shape_text(tensor.shape())));
  }
}

}  // namespace

std::pair<std::string, std::string> split_input(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos) return {"", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

void InputArguments::add_to(CLI::App& app) {
  app.add_option("--input", files,
                 "[NAME=]FILE, a .npy file or a picture (JPEG, PNG, PPM, PGM, BMP); may be repeated")
      ->allow_extra_args(false);
  add_pictures(app);
}

void InputArguments::add_pictures(CLI::App& app) {
  const char* group = "Pictures (in this order: size, crop, colour, scale, mean, std, layout)";
  app.add_option("--image-size", image_size,
                 "WxH to resize to, or N for the shorter side (default: the input's own size, unless --crop "
                 "is given)")
      ->group(group);
  app.add_flag("--letterbox", letterbox, "Keep the proportions and fill the rest with grey 114")
      ->group(group);
  app.add_option("--crop", crop, "WxH to cut out of the centre")->group(group);
  app.add_option("--color", color, "rgb, bgr or gray (default: gray for inputs with one channel, else rgb)")
      ->check(CLI::IsMember({"rgb", "bgr", "gray"}))
      ->group(group);
  app.add_option("--scale", scale, "Factor on pixel values 0 to 255, e.g. 1/255 (default 1)")->group(group);
  app.add_option(
         "--mean", mean,
         "Subtracted after scaling: one number, or one per channel, comma-separated; or the mean image of a "
         "Caffe model (a file), which the network subtracts from its input")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--std", std, "Divided by after that: one number, or one per channel")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(group);
  app.add_option("--layout", layout, "nchw or nhwc (default: nhwc where only the input's last dim is 1 or 3)")
      ->check(CLI::IsMember({"nchw", "nhwc"}))
      ->group(group);
}

bool InputArguments::mean_is_file() const {
  if (mean.size() != 1) return false;
  const std::filesystem::path path = mean[0];
  return path.extension() == ".binaryproto" || std::filesystem::is_regular_file(path);
}

ImportOptions InputArguments::import_options(const ModelArguments& model) const {
  ImportOptions options = model.options();
  if (mean_is_file()) options.mean = mean[0];
  return options;
}

ImageOptions InputArguments::image_options(const TensorInfo& info) const {
  if (info.dims.size() != 4) {
    throw ModelError(
        fmt::format("a picture cannot feed input '{}', which takes {}", info.name, tensor_text(info)));
  }
  const auto channels = [](std::int64_t dim) { return dim == 1 || dim == 3; };
  const bool last = channels(info.opt[3]) && !channels(info.opt[1]);
  ImageOptions options;
  options.layout = layout.empty() ? (last ? ImageLayout::nhwc : ImageLayout::nchw)
                                  : (layout == "nhwc" ? ImageLayout::nhwc : ImageLayout::nchw);
  const bool planar = options.layout == ImageLayout::nchw;
  if (color.empty()) {
    options.color = info.opt[planar ? 1 : 3] == 1 ? ImageColor::gray : ImageColor::rgb;
  } else {
    options.color = color == "gray" ? ImageColor::gray : color == "bgr" ? ImageColor::bgr : ImageColor::rgb;
  }
  options.letterbox = letterbox;
  if (!image_size.empty()) {
    const auto [width, height] = parse_size(image_size, "--image-size", true);
    (height == 0 ? options.shorter_side : options.width) = width;
    options.height = height;
  } else if (crop.empty() && info.opt[planar ? 2 : 1] > 0 && info.opt[planar ? 3 : 2] > 0) {
    options.height = static_cast<int>(info.opt[planar ? 2 : 1]);
    options.width = static_cast<int>(info.opt[planar ? 3 : 2]);
  }
  if (!crop.empty()) std::tie(options.crop_width, options.crop_height) = parse_size(crop, "--crop", false);
  if (!scale.empty()) options.scale = parse_number(scale, "--scale");
  if (!mean_is_file()) options.mean = parse_numbers(mean, "--mean");
  options.std = parse_numbers(std, "--std");
  return options;
}

Tensor InputArguments::read_picture(const TensorInfo& info, const std::filesystem::path& file) const {
  return to_tensor(load_image(file), image_options(info), info.dtype);
}

std::map<std::string, Tensor> InputArguments::read(const std::vector<TensorInfo>& infos) const {
  std::map<std::string, Tensor> tensors;
  for (const std::string& text : files) {
    const auto [asked, file] = split_input(text);
    const TensorInfo& info = find_input(infos, asked, file);
    if (tensors.count(info.name) != 0) throw ModelError(fmt::format("input '{}' is given twice", info.name));
    Tensor tensor;
    switch (file_kind(file)) {
      case FileKind::npy: tensor = load_npy(file); break;
      case FileKind::image: tensor = read_picture(info, file); break;
      default: throw ModelError(fmt::format("'{}' is neither a .npy file nor a picture", file));
    }
    check(info, tensor, file);
    tensors.emplace(info.name, std::move(tensor));
  }
  return tensors;
}

Engine open_engine(const std::filesystem::path& path, const ModelArguments& model,
                   const BuildArguments& arguments, const InputArguments& inputs, BuildOptions options,
                   ProgressBar& bar, std::map<std::string, Tensor>& tensors) {
  const ImportOptions importing = inputs.import_options(model);
  if (file_kind(path) == FileKind::engine) {
    Engine engine = open_engine(path, importing, arguments, options, bar);
    tensors = inputs.read(engine.inputs());
    return engine;
  }
  const Network network = load_network(path, importing);
  tensors = inputs.read(network.inputs());
  for (const auto& [name, tensor] : tensors) {
    options.shapes.emplace(name, ShapeRange{tensor.shape(), tensor.shape(), tensor.shape()});
  }
  options.portable = false;
  options.progress = bar.callback();
  return build(network, options);
}

}  // namespace tenon::tool
