#include "importers/onnx/tensor_data.hpp"

#include "base/mapped_file.hpp"
#include "importers/onnx/types.hpp"
#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>

namespace tenon::onnx {
namespace {

// Field of TensorProto that holds elements of a type when they are not raw bytes.
enum TypedField : std::uint32_t {
  kFloats = 4,
  kInt32s = 5,
  kStrings = 6,
  kInt64s = 7,
  kDoubles = 10,
  kUint64s = 11
};

TypedField typed_field(DataType dtype) {
  switch (dtype) {
    case DataType::f32:
    case DataType::c64: return kFloats;
    case DataType::f64:
    case DataType::c128: return kDoubles;
    case DataType::i64: return kInt64s;
    case DataType::u32:
    case DataType::u64: return kUint64s;
    case DataType::string: return kStrings;
    default: return kInt32s;
  }
}

std::string describe(DataType dtype, const std::vector<std::int64_t>& dims) {
  return fmt::format("{}[{}]", name(dtype), fmt::join(dims, ","));
}

[[noreturn]] void fail_size(const TensorDef& def, DataType dtype, std::size_t found, std::string_view unit) {
  throw ModelError(
      fmt::format("a tensor of type {} comes with {} {}", describe(dtype, def.dims), found, unit));
}

// How many elements `bytes` bytes can hold.
std::uint64_t capacity(DataType dtype, std::size_t bytes) {
  const auto bits = static_cast<std::uint64_t>(bit_width(dtype));
  return bits >= 8 ? bytes / (bits / 8) : bytes * (8 / bits);
}

// Whether `bytes` is exactly what the shape needs. Asks for the capacity first: the product may overflow.
bool fits(DataType dtype, std::int64_t elements, std::size_t bytes) {
  const auto count = static_cast<std::uint64_t>(elements);
  return count <= capacity(dtype, bytes) && storage_bytes(dtype, static_cast<std::size_t>(count)) == bytes;
}

bool aligned(const char* data, DataType dtype) {
  const int bytes = std::clamp(bit_width(dtype) / 8, 1, 8);
  return reinterpret_cast<std::uintptr_t>(data) % static_cast<unsigned>(bytes) == 0;
}

Tensor from_raw(std::string_view raw, DataType dtype, const TensorDef& def,
                const std::shared_ptr<const void>& owner) {
  const std::int64_t elements = element_count(def.dims);
  if (dtype == DataType::string) throw ModelError("strings cannot be stored as raw data");
  if (!fits(dtype, elements, raw.size())) fail_size(def, dtype, raw.size(), "bytes");
  if (elements == 0) return Tensor(dtype, def.dims);
  const bool other_than_0_1 = dtype == DataType::boolean && std::any_of(raw.begin(), raw.end(), [](char c) {
                                return static_cast<unsigned char>(c) > 1;
                              });
  if (aligned(raw.data(), dtype) && !other_than_0_1)
    return Tensor::view_const(dtype, def.dims, raw.data(), owner);
  Tensor tensor(dtype, def.dims);
  std::memcpy(tensor.mutable_data(), raw.data(), raw.size());
  if (other_than_0_1) {
    for (std::byte& b : std::span(tensor.mutable_data(), raw.size())) b = std::byte{b != std::byte{0}};
  }
  return tensor;
}

Tensor from_strings(const TensorDef& def) {
  std::vector<std::string> strings;
  for (WireReader in(def.message); in.next();) {
    if (in.field() == kStrings) strings.emplace_back(in.bytes());
  }
  if (element_count(def.dims) != static_cast<std::int64_t>(strings.size())) {
    fail_size(def, DataType::string, strings.size(), "strings");
  }
  return Tensor::strings(def.dims, std::move(strings));
}

// Floats and doubles (complex ones as pairs): one packed run is as good as raw data.
Tensor from_fixed(const TensorDef& def, DataType dtype, const std::shared_ptr<const void>& owner) {
  const TypedField field = typed_field(dtype);
  const std::size_t width = field == kFloats ? 4 : 8;
  std::vector<std::string_view> runs;
  std::size_t bytes = 0;
  for (WireReader in(def.message); in.next();) {
    if (in.field() != field) continue;
    runs.push_back(in.fixed_bytes(width));
    bytes += runs.back().size();
  }
  if (runs.size() == 1) return from_raw(runs.front(), dtype, def, owner);
  if (!fits(dtype, element_count(def.dims), bytes)) fail_size(def, dtype, bytes, "bytes");
  Tensor tensor(dtype, def.dims);
  std::byte* out = tensor.mutable_data();
  for (const std::string_view run : runs) {
    if (!run.empty()) std::memcpy(out, run.data(), run.size());
    out += run.size();
  }
  return tensor;
}

// Integers of every width, 16- and 8-bit floats as bit patterns, and one varint for each byte of packed 4-
// and 2-bit elements.
Tensor from_varints(const TensorDef& def, DataType dtype) {
  const TypedField field = typed_field(dtype);
  std::size_t found = 0;
  for (WireReader in(def.message); in.next();) {
    if (in.field() == field) found += in.varint_count();
  }
  const std::size_t width = static_cast<std::size_t>(std::max(bit_width(dtype), 8)) / 8;
  if (!fits(dtype, element_count(def.dims), found * width)) fail_size(def, dtype, found, "stored numbers");
  Tensor tensor(dtype, def.dims);
  std::byte* out = tensor.mutable_data();
  for (WireReader in(def.message); in.next();) {
    if (in.field() != field) continue;
    in.each_varint([&](std::uint64_t value) {
      if (dtype == DataType::boolean) value = value != 0 ? 1 : 0;
      std::memcpy(out, &value, width);  // little-endian: the low bytes
      out += width;
    });
  }
  return tensor;
}

std::uint64_t parse_number(std::string_view key, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw ModelError(fmt::format("external data: {} '{}' is not a number", key, text));
  }
  return value;
}

}  // namespace

TensorLoader::TensorLoader(std::shared_ptr<const void> file, std::filesystem::path directory)
    : file_(std::move(file)), directory_(std::move(directory)) {}

TensorLoader::~TensorLoader() = default;

Tensor TensorLoader::load(const TensorDef& def) {
  const DataType dtype = data_type(def.data_type);
  if (def.external) return load_external(def, dtype);
  if (def.raw_data) return from_raw(*def.raw_data, dtype, def, file_);
  if (element_count(def.dims) == 0) return Tensor(dtype, def.dims);
  switch (typed_field(dtype)) {
    case kStrings: return from_strings(def);
    case kFloats:
    case kDoubles: return from_fixed(def, dtype, file_);
    default: return from_varints(def, dtype);
  }
}

Tensor TensorLoader::load_external(const TensorDef& def, DataType dtype) {
  std::string_view location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
  for (const auto& [key, value] : def.external_data) {
    if (key == "location") location = value;
    if (key == "offset") offset = parse_number(key, value);
    if (key == "length") length = parse_number(key, value);
  }
  if (dtype == DataType::string) throw ModelError("strings cannot be stored as external data");
  if (location.empty()) throw ModelError("external data without a location");
  if (directory_.empty())
    throw ModelError(fmt::format("external data '{}' needs a model that is read from a file", location));
  if (location.find('\0') != std::string_view::npos)
    throw ModelError("external data: the location holds a NUL character");

  auto& file = external_[std::string(location)];
  if (file == nullptr) {
    // Symbolic links are followed before the check, so neither they nor ".." lead out of the model's
    // directory.
    std::error_code error;
    const auto root = std::filesystem::weakly_canonical(directory_, error);
    const auto path = std::filesystem::weakly_canonical(directory_ / std::filesystem::path(location), error);
    const auto [root_end, unused] = std::mismatch(root.begin(), root.end(), path.begin(), path.end());
    if (error || root_end != root.end() || std::filesystem::path(location).is_absolute()) {
      throw ModelError(fmt::format("external data '{}' lies outside the directory of the model", location));
    }
    file = MappedFile::open(path);
  }
  if (offset > file->size() || (length && *length > file->size() - offset)) {
    throw ModelError(fmt::format("external data '{}' has {} bytes, too few for offset {} and length {}",
                                 location, file->size(), offset, length.value_or(0)));
  }
  const std::string_view all(reinterpret_cast<const char*>(file->data()), file->size());
  std::size_t size = static_cast<std::size_t>(length.value_or(file->size() - offset));
  if (!length) {
    const auto elements = static_cast<std::uint64_t>(element_count(def.dims));
    if (elements <= capacity(dtype, size)) size = storage_bytes(dtype, static_cast<std::size_t>(elements));
  }
  return from_raw(all.substr(static_cast<std::size_t>(offset), size), dtype, def, file);
}

Tensor TensorLoader::load(const SparseTensorDef& def) {
  const Tensor values = load(def.values);
  const Tensor indices = load(def.indices);
  const std::int64_t elements = element_count(def.dims);
  const std::int64_t count = values.elements();
  if (values.rank() != 1) throw ModelError("the values of a sparse tensor must have rank 1");
  if (values.dtype() == DataType::string || bit_width(values.dtype()) < 8) {
    throw ModelError(fmt::format("sparse tensors of type {} are not supported", name(values.dtype())));
  }
  const auto rank = static_cast<std::int64_t>(def.dims.size());
  const bool linear = indices.shape() == Shape{count};
  if (indices.dtype() != DataType::i64 || (!linear && indices.shape() != Shape{count, rank})) {
    throw ModelError(
        fmt::format("the indices of a sparse tensor must be i64[{0}] or i64[{0},{1}]", count, rank));
  }
  const auto width = static_cast<std::int64_t>(bit_width(values.dtype()) / 8);
  constexpr std::int64_t kAlwaysFine = 64 << 20;
  if (elements > kAlwaysFine / width && elements / 256 > count) {
    throw ModelError(fmt::format("a sparse tensor of type {} with {} values is too large to be made dense",
                                 describe(values.dtype(), def.dims), count));
  }
  Tensor dense(values.dtype(), def.dims);
  const auto index = indices.values<std::int64_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t at = 0;
    bool inside = true;
    if (linear) {
      at = index[static_cast<std::size_t>(i)];
      inside = at >= 0 && at < elements;
    } else {
      for (std::int64_t axis = 0; axis < rank && inside; ++axis) {
        const std::int64_t position = index[static_cast<std::size_t>(i * rank + axis)];
        const std::int64_t dim = def.dims[static_cast<std::size_t>(axis)];
        inside = position >= 0 && position < dim;
        if (inside) at = at * dim + position;
      }
    }
    if (!inside) throw ModelError("an index of a sparse tensor lies outside its shape");
    std::memcpy(dense.mutable_data() + at * width, values.data() + i * width,
                static_cast<std::size_t>(width));
  }
  return dense;
}

}  // namespace tenon::onnx
