#include "calibration_data.hpp"

#include "table.hpp"

#include <tenon/image.hpp>
#include <tenon/inspect.hpp>
#include <tenon/io.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

namespace tenon::tool {
namespace {

constexpr const char* kWholeItem = "";  // the key of a .npz or a picture
constexpr const char* kLabels = "labels";

bool is_label_type(DataType type) {
  return type == DataType::u8 || type == DataType::i32 || type == DataType::i64;
}

std::int64_t label_at(const Tensor& labels, std::size_t index) {
  switch (labels.dtype()) {
    case DataType::u8: return labels.values<std::uint8_t>()[index];
    case DataType::i32: return labels.values<std::int32_t>()[index];
    default: return labels.values<std::int64_t>()[index];
  }
}

// Rows [begin, end) of the first axis, without a copy.
Tensor rows_of(const Tensor& tensor, std::int64_t begin, std::int64_t end) {
  Shape shape = tensor.shape();
  const auto row = tensor.size_bytes() / static_cast<std::size_t>(shape[0]);
  shape[0] = end - begin;
  const auto owner = std::make_shared<const Tensor>(tensor);
  return Tensor::view_const(tensor.dtype(), std::move(shape),
                            tensor.data() + static_cast<std::size_t>(begin) * row, owner);
}

void check(const TensorInfo& info, const Tensor& tensor, const std::filesystem::path& file) {
  if (tensor.dtype() == info.dtype && tensor.shape().size() == info.dims.size() && tensor.rank() > 0) return;
  throw ModelError(fmt::format("input '{}' takes {} with samples along the first axis, '{}' holds {} {}",
                               info.name, tensor_text(info), file.string(), name(tensor.dtype()),
                               shape_text(tensor.shape())));
}

// "path" or "path label", the label a number of up to 18 digits.
std::pair<std::string, std::optional<std::int64_t>> split_label(const std::string& line) {
  const std::size_t end = line.find_last_not_of(" \t\r");
  if (end == std::string::npos) return {};
  std::string text = line.substr(0, end + 1);
  const std::size_t blank = text.find_last_of(" \t");
  if (blank == std::string::npos || text.find_first_not_of("0123456789", blank + 1) != std::string::npos ||
      text.size() - blank > 19)
    return {text, std::nullopt};
  return {text.substr(0, text.find_last_not_of(" \t", blank) + 1), std::stoll(text.substr(blank + 1))};
}

}  // namespace

CalibrationData::CalibrationData(const std::vector<std::string>& sources, const InputArguments& pictures,
                                 std::vector<TensorInfo> inputs, std::int64_t batch,
                                 std::filesystem::path cache, std::string option)
    : pictures_(pictures),
      inputs_(std::move(inputs)),
      batch_(batch),
      cache_(std::move(cache)),
      option_(std::move(option)) {
  if (inputs_.empty()) throw ModelError("the network has no inputs");
  const std::int64_t fixed = batch_is_fixed() ? inputs_[0].max[0] : 0;
  if (batch_ == 0) batch_ = std::max<std::int64_t>(1, fixed);
  if (fixed > 0 && batch_ != fixed) {
    throw ModelError(fmt::format("--batch {}: the network takes batches of {}", batch_, fixed));
  }
  std::map<std::string, std::filesystem::path> named;
  for (const std::string& source : sources) add_source(source, named);
  if (!named.empty()) {
    for (const TensorInfo& info : inputs_) {
      if (named.count(info.name) == 0)
        throw ModelError(
            fmt::format("{}: input '{}' has no samples: give {}=FILE.npy", option_, info.name, info.name));
    }
    items_.push_back({false, std::nullopt, std::move(named)});
  }
  if (items_.empty()) throw ModelError(fmt::format("{}: there is no sample", option_));
}

bool CalibrationData::batch_is_fixed() const {
  const TensorInfo& info = inputs_[0];
  return !info.max.empty() && info.max[0] > 0 && info.min[0] == info.max[0];
}

const TensorInfo& CalibrationData::only_input(const std::string& file) const {
  if (inputs_.size() == 1) return inputs_[0];
  throw ModelError(fmt::format("{} {}: the network has {} inputs: give NAME=FILE.npy for each, or .npz files",
                               option_, file, inputs_.size()));
}

void CalibrationData::add_source(const std::string& source,
                                 std::map<std::string, std::filesystem::path>& named) {
  const auto [asked, path] =
      std::filesystem::exists(source) ? std::pair(std::string(), source) : split_input(source);
  if (!asked.empty()) {
    const bool known =
        std::any_of(inputs_.begin(), inputs_.end(),
                    [&, &input = asked](const TensorInfo& info) { return info.name == input; });
    if (!known) throw ModelError(fmt::format("{} {}: the network has no input '{}'", option_, source, asked));
    if (file_kind(path) != FileKind::npy)
      throw ModelError(fmt::format("{} {}: '{}' is no .npy file", option_, source, path));
    if (!named.emplace(asked, path).second)
      throw ModelError(fmt::format("{} {}: input '{}' is given twice", option_, source, asked));
    return;
  }
  if (std::filesystem::is_directory(path)) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      const auto extension = entry.path().extension();
      const bool array = extension == ".npy" || extension == ".npz";
      if (entry.is_regular_file() && (array || is_image_file(entry.path()))) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) add_file(file, source);
    return;
  }
  if (file_kind(path) == FileKind::model) {
    add_list(path);
  } else {
    add_file(path, source);
  }
}

void CalibrationData::add_list(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::size_t number = 0;
  while (std::getline(file, line)) {
    ++number;
    const auto [entry, label] = split_label(line);
    if (entry.empty()) continue;
    const bool text =
        std::all_of(entry.begin(), entry.end(), [](char c) { return static_cast<unsigned char>(c) >= ' '; });
    const std::filesystem::path sample = text ? path.parent_path() / entry : std::filesystem::path();
    if (!text || !std::filesystem::is_regular_file(sample)) {
      throw ModelError(fmt::format("{} {}: line {} names no file: '{}'", option_, path.string(), number,
                                   shorten(entry, 60)));
    }
    add_file(sample, path.string(), label);
  }
}

void CalibrationData::add_file(const std::filesystem::path& path, const std::string& from,
                               std::optional<std::int64_t> label) {
  Item item;
  item.label = label;
  switch (file_kind(path)) {
    case FileKind::image:
      only_input(path.string());
      item.picture = true;
      item.files.emplace(kWholeItem, path);
      break;
    case FileKind::npy: item.files.emplace(only_input(path.string()).name, path); break;
    case FileKind::npz: item.files.emplace(kWholeItem, path); break;
    default:
      throw ModelError(
          fmt::format("{} {}: '{}' is neither a picture nor .npy nor .npz", option_, from, path.string()));
  }
  items_.push_back(std::move(item));
}

std::uint64_t CalibrationData::batch_count() const {
  const bool all_pictures =
      std::all_of(items_.begin(), items_.end(), [](const Item& item) { return item.picture; });
  if (!all_pictures) return 0;
  const auto batch = static_cast<std::uint64_t>(batch_);
  return batch_is_fixed() ? items_.size() / batch : (items_.size() + batch - 1) / batch;
}

std::size_t CalibrationData::pictures_here() const {
  std::size_t count = 0;
  while (count < static_cast<std::size_t>(batch_) && next_ + count < items_.size() &&
         items_[next_ + count].picture)
    ++count;
  return count;
}

std::map<std::string, Tensor> CalibrationData::picture_batch(std::size_t count) {
  const TensorInfo& info = inputs_[0];
  Tensor batch;
  labels_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const std::filesystem::path& file = items_[next_ + i].files.at(kWholeItem);
    labels_.push_back(items_[next_ + i].label);
    const Tensor sample = pictures_.read_picture(info, file);
    check(info, sample, file);
    if (i == 0) {
      Shape shape = sample.shape();
      shape[0] = static_cast<std::int64_t>(count);
      batch = Tensor(sample.dtype(), shape);
    }
    if (!std::equal(sample.shape().begin() + 1, sample.shape().end(), batch.shape().begin() + 1)) {
      throw ModelError(fmt::format("'{}' is {}, the batch is {}: give --image-size, or --batch 1",
                                   file.string(), shape_text(sample.shape()), shape_text(batch.shape())));
    }
    std::memcpy(batch.mutable_data() + i * sample.size_bytes(), sample.data(), sample.size_bytes());
  }
  next_ += count;
  std::map<std::string, Tensor> inputs;
  inputs.emplace(info.name, std::move(batch));
  return inputs;
}

void CalibrationData::open_arrays(const Item& item) {
  arrays_.clear();
  row_ = 0;
  if (const auto whole = item.files.find(kWholeItem); whole != item.files.end()) {
    for (auto& [array, tensor] : load_npz(whole->second)) arrays_.emplace(array, std::move(tensor));
  } else {
    for (const auto& [input, file] : item.files) arrays_.emplace(input, map_npy(file));
  }
  for (const TensorInfo& info : inputs_) {
    const std::filesystem::path& file =
        item.files.count(kWholeItem) != 0 ? item.files.at(kWholeItem) : item.files.at(info.name);
    const auto found = arrays_.find(info.name);
    if (found == arrays_.end())
      throw ModelError(fmt::format("'{}' has no array for input '{}'", file.string(), info.name));
    check(info, found->second, file);
    const std::int64_t rows = found->second.shape()[0];
    const std::int64_t others = arrays_.at(inputs_[0].name).shape()[0];
    if (rows != others) {
      throw ModelError(fmt::format("'{}' has {} samples of input '{}', but {} of '{}'", file.string(), rows,
                                   info.name, others, inputs_[0].name));
    }
    const Tensor* labels = label_array();
    if (labels != nullptr &&
        !(labels->rank() == 1 && labels->shape()[0] == rows && is_label_type(labels->dtype()))) {
      throw ModelError(fmt::format("'{}': labels are u8, i32 or i64[{}], one for each sample, not {} {}",
                                   file.string(), rows, name(labels->dtype()), shape_text(labels->shape())));
    }
    if (batch_is_fixed() && rows % batch_ != 0) {
      throw ModelError(fmt::format("'{}' has {} samples, and the network takes batches of {}", file.string(),
                                   rows, batch_));
    }
  }
}

std::int64_t CalibrationData::rows_here() {
  while (true) {
    if (!arrays_.empty()) {
      const std::int64_t left = arrays_.at(inputs_[0].name).shape()[0] - row_;
      if (left > 0) return std::min(left, batch_);
      arrays_.clear();
    }
    if (next_ == items_.size() || items_[next_].picture) return 0;
    open_arrays(items_[next_++]);
  }
}

std::optional<std::map<std::string, Tensor>> CalibrationData::next_batch() {
  if (const std::int64_t rows = rows_here(); rows > 0) {
    std::map<std::string, Tensor> inputs;
    for (const TensorInfo& info : inputs_)
      inputs.emplace(info.name, rows_of(arrays_.at(info.name), row_, row_ + rows));
    take_labels(rows);
    row_ += rows;
    return inputs;
  }
  const std::size_t count = pictures_here();
  if (count == 0) return std::nullopt;
  if (batch_is_fixed() && count < static_cast<std::size_t>(batch_)) {
    left_out_ += count;
    next_ += count;
    return next_batch();
  }
  return picture_batch(count);
}

const Tensor* CalibrationData::label_array() const {
  const bool is_input = std::any_of(inputs_.begin(), inputs_.end(),
                                    [](const TensorInfo& info) { return info.name == kLabels; });
  const auto found = arrays_.find(kLabels);
  return is_input || found == arrays_.end() ? nullptr : &found->second;
}

// Of the rows from row_ on.
void CalibrationData::take_labels(std::int64_t rows) {
  labels_.clear();
  const Tensor* array = label_array();
  const bool one_sample = arrays_.at(inputs_[0].name).shape()[0] == 1;
  for (std::int64_t row = row_; row < row_ + rows; ++row) {
    if (array != nullptr) {
      labels_.emplace_back(label_at(*array, static_cast<std::size_t>(row)));
    } else {
      labels_.push_back(one_sample ? items_[next_ - 1].label : std::nullopt);
    }
  }
}

std::vector<std::int64_t> CalibrationData::labels() const {
  std::vector<std::int64_t> result;
  for (const auto& label : labels_) {
    if (label) result.push_back(*label);
  }
  if (!result.empty() && result.size() < labels_.size())
    throw ModelError(fmt::format("{}: a sample has no label, others of its batch do", option_));
  return result;
}

void CalibrationData::rewind() {
  next_ = 0;
  arrays_.clear();
  row_ = 0;
  left_out_ = 0;
}

bool CalibrationData::skip_batch() {
  if (const std::int64_t rows = rows_here(); rows > 0) {
    row_ += rows;
    return true;
  }
  const std::size_t count = pictures_here();
  next_ += count;
  if (count > 0 && batch_is_fixed() && count < static_cast<std::size_t>(batch_)) {
    left_out_ += count;
    return skip_batch();
  }
  return count > 0;
}

std::optional<std::string> CalibrationData::read_cache() {
  if (cache_.empty() || !std::filesystem::exists(cache_)) return std::nullopt;
  std::ifstream file(cache_, std::ios::binary);
  if (!file.good()) throw ModelError(fmt::format("cannot open '{}'", cache_.string()));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void CalibrationData::write_cache(std::string_view text) {
  if (!cache_.empty()) save_text(text, cache_);
}

}  // namespace tenon::tool
