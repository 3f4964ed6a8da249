#include "importers/tensorflow/tensor_data.hpp"

#include "importers/tensorflow/types.hpp"
#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace tenon::tensorflow {
namespace {

// Field of TensorProto that holds elements of a type.
std::uint32_t typed_field(DataType dtype) {
  switch (dtype) {
    case DataType::f32: return 5;
    case DataType::f64: return 6;
    case DataType::string: return 8;
    case DataType::c64: return 9;
    case DataType::i64: return 10;
    case DataType::boolean: return 11;
    case DataType::c128: return 12;
    case DataType::f16:
    case DataType::bf16: return 13;
    case DataType::u32: return 16;
    case DataType::u64: return 17;
    case DataType::f8e5m2:
    case DataType::f8e4m3fn: return 18;
    default: return 7;  // i32 and what is narrower
  }
}

std::string describe(const Shape& shape, DataType dtype) {
  return fmt::format("{}[{}]", name(dtype), fmt::join(shape, ","));
}

std::size_t element_bytes(DataType dtype) { return static_cast<std::size_t>(bit_width(dtype)) / 8; }

// The stored elements as they come, in their final width.
std::vector<std::byte> stored_elements(const TensorDef& def, DataType dtype) {
  const std::uint32_t field = typed_field(dtype);
  const std::size_t width = element_bytes(dtype);
  std::vector<std::byte> bytes;
  const auto append = [&](const void* data, std::size_t size) {
    const auto* from = static_cast<const std::byte*>(data);
    bytes.insert(bytes.end(), from, from + size);
  };
  for (WireReader in(def.message); in.next();) {
    if (in.field() != field) continue;
    if (field == 5 || field == 9) {
      const std::string_view run = in.fixed_bytes(4);
      append(run.data(), run.size());
    } else if (field == 6 || field == 12) {
      const std::string_view run = in.fixed_bytes(8);
      append(run.data(), run.size());
    } else if (field == 18) {
      append(in.bytes().data(), in.bytes().size());
    } else {
      in.each_varint([&](std::uint64_t value) {
        if (dtype == DataType::boolean) value = value != 0 ? 1 : 0;
        append(&value, width);  // little-endian: the low bytes
      });
    }
  }
  return bytes;
}

Tensor string_tensor(const TensorDef& def, const Shape& shape, std::int64_t elements) {
  std::vector<std::string> strings;
  for (WireReader in(def.message); in.next();) {
    if (in.field() == 8) strings.emplace_back(in.bytes());
  }
  const auto stored = static_cast<std::int64_t>(strings.size());
  const bool repeats = stored == 1 && elements <= 1024;
  if (stored != elements && !repeats) {
    throw ModelError(
        fmt::format("a tensor of type {} comes with {} strings", describe(shape, DataType::string), stored));
  }
  const std::string last = strings.empty() ? std::string() : strings.back();
  strings.resize(static_cast<std::size_t>(elements), last);
  return Tensor::strings(shape, std::move(strings));
}

Tensor from_content(const TensorDef& def, DataType dtype, const Shape& shape, std::int64_t elements,
                    const std::shared_ptr<const void>& owner) {
  const std::size_t width = element_bytes(dtype);
  const std::string_view raw = def.content;
  if (raw.size() % width != 0 || raw.size() / width != static_cast<std::size_t>(elements)) {
    throw ModelError(
        fmt::format("a tensor of type {} comes with {} bytes", describe(shape, dtype), raw.size()));
  }
  const bool aligned = reinterpret_cast<std::uintptr_t>(raw.data()) % std::min<std::size_t>(width, 8) == 0;
  if (aligned && dtype != DataType::boolean) return Tensor::view_const(dtype, shape, raw.data(), owner);
  Tensor tensor(dtype, shape);
  std::memcpy(tensor.mutable_data(), raw.data(), raw.size());
  if (dtype == DataType::boolean) {
    for (std::byte& b : std::span(tensor.mutable_data(), raw.size())) b = std::byte{b != std::byte{0}};
  }
  return tensor;
}

}  // namespace

LoadedTensor load_tensor(const TensorDef& def, const std::shared_ptr<const void>& owner) {
  if (def.dtype == kVariant || def.dtype == kResource) throw ModelError("a handle cannot be a constant");
  const DataType dtype = data_type(def.dtype);
  LoadedTensor loaded;
  loaded.shape = def.shape.dims;
  const bool open = std::any_of(loaded.shape.begin(), loaded.shape.end(), [](auto dim) { return dim < 0; });
  if (def.shape.unknown_rank || open) throw ModelError("the shape of a constant is not complete");
  const std::int64_t elements = element_count(loaded.shape);
  if (elements == 0) {
    loaded.tensor = Tensor(dtype, loaded.shape);
    return loaded;
  }
  if (dtype == DataType::string) {
    loaded.tensor = string_tensor(def, loaded.shape, elements);
    return loaded;
  }
  if (!def.content.empty()) {
    loaded.tensor = from_content(def, dtype, loaded.shape, elements, owner);
    return loaded;
  }
  // The writer leaves out what repeats the last element, and all elements when they are zero.
  std::vector<std::byte> bytes = stored_elements(def, dtype);
  const std::size_t width = element_bytes(dtype);
  if (bytes.empty()) bytes.resize(width);
  const std::size_t stored = bytes.size() / width;
  if (bytes.size() % width != 0 || stored > static_cast<std::size_t>(elements)) {
    throw ModelError(
        fmt::format("a tensor of type {} comes with {} elements", describe(loaded.shape, dtype), stored));
  }
  const bool small = static_cast<std::size_t>(elements) <= kMaxRepeatedBytes / width;
  if (stored == 1 && !small) {
    loaded.repeated = true;
    loaded.tensor = Tensor(dtype, {1});
    std::memcpy(loaded.tensor.mutable_data(), bytes.data(), width);
    return loaded;
  }
  if (!small && static_cast<std::size_t>(elements) / 16 > stored) {
    throw ModelError(
        fmt::format("a tensor of type {} comes with {} elements", describe(loaded.shape, dtype), stored));
  }
  loaded.tensor = Tensor(dtype, loaded.shape);
  std::byte* out = loaded.tensor.mutable_data();
  std::memcpy(out, bytes.data(), bytes.size());
  for (std::size_t i = stored; i < static_cast<std::size_t>(elements); ++i)
    std::memcpy(out + i * width, bytes.data() + (stored - 1) * width, width);
  return loaded;
}

}  // namespace tenon::tensorflow
