#include "onnx/backend_data.hpp"

#include "base/half.hpp"
#include "importers/onnx/reader.hpp"
#include "importers/onnx/tensor_data.hpp"
#include "importers/wire.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <set>

namespace tenon::test {
namespace {

using Bytes = std::shared_ptr<const std::string>;

Data parse(std::string_view message, const Type& type, const Bytes& owner);

// MapProto: 3 integer keys, 4 string keys, 5 values (a SequenceProto).
Data parse_map(std::string_view message, const Type& type, const Bytes& owner) {
  std::vector<std::int64_t> numbers;
  std::vector<std::string> texts;
  Data values = SequenceData{};
  for (WireReader in(message); in.next();) {
    switch (in.field()) {
      case 3: in.append_to(numbers); break;
      case 4: texts.emplace_back(in.bytes()); break;
      case 5: values = parse(in.bytes(), Type::sequence(type.element()), owner); break;
      default: break;
    }
  }
  const auto count = static_cast<std::int64_t>(numbers.size() + texts.size());
  return make_map(type.key() == DataType::string ? Tensor::strings({count}, texts)
                                                 : Tensor::of<std::int64_t>({count}, numbers),
                  values);
}

Data parse(std::string_view message, const Type& type, const Bytes& owner) {
  if (type.kind() == Type::Kind::map) return parse_map(message, type, owner);
  if (type.is_tensor()) {
    // A copy: the file's bytes go away.
    return onnx::TensorLoader(owner, {}).load(onnx::read_tensor(message)).clone();
  }
  // SequenceProto: 2 element type, 3 tensors, 5 sequences, 6 maps, 7 optionals; OptionalProto: 2, 3 tensor, 5
  // sequence.
  SequenceData sequence;
  bool present = false;
  Data only;
  for (WireReader in(message); in.next();) {
    if (in.field() != 3 && (in.field() < 5 || in.field() > 7)) continue;
    Data element = parse(in.bytes(), type.element(), owner);
    if (type.kind() == Type::Kind::sequence) {
      sequence.elements.push_back(std::move(element));
    } else {
      only = std::move(element);
      present = true;
    }
  }
  if (type.kind() == Type::Kind::sequence) return sequence;
  return present ? only : Data();
}

double element(const Tensor& tensor, std::int64_t i) {
  const std::byte* at = tensor.data() + i * (bit_width(tensor.dtype()) / 8);
  const auto load = [&](auto value) {
    std::memcpy(&value, at, sizeof value);
    return value;
  };
  switch (tensor.dtype()) {
    case DataType::f32: return load(float{});
    case DataType::f64: return load(double{});
    case DataType::f16: return static_cast<float>(float16::from_bits(load(std::uint16_t{})));
    case DataType::bf16: return static_cast<float>(bfloat16::from_bits(load(std::uint16_t{})));
    case DataType::boolean: return load(std::uint8_t{});
    default: throw InternalError("not a floating-point type that is compared by value");
  }
}

// The official runner's tolerance for f32, and as many last places for the others.
std::pair<double, double> tolerance(DataType dtype) {
  switch (dtype) {
    case DataType::f16: return {4e-3, 1e-3};
    case DataType::bf16: return {3e-2, 1e-2};
    default: return {1e-3, 1e-7};
  }
}

std::string compare(const Tensor& found, const Tensor& expected) {
  if (found.dtype() != expected.dtype())
    return fmt::format("dtype {}, expected {}", name(found.dtype()), name(expected.dtype()));
  if (found.shape() != expected.shape()) {
    return fmt::format("shape [{}], expected [{}]", fmt::join(found.shape(), ","),
                       fmt::join(expected.shape(), ","));
  }
  if (found.dtype() == DataType::string) {
    const auto a = found.values<std::string>();
    const auto b = expected.values<std::string>();
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] != b[i]) return fmt::format("element {} is '{}', expected '{}'", i, a[i], b[i]);
    }
    return {};
  }
  const DataType dtype = found.dtype();
  const bool by_value =
      dtype == DataType::f32 || dtype == DataType::f64 || dtype == DataType::f16 || dtype == DataType::bf16;
  if (!by_value) {
    if (found.identical(expected)) return {};
    for (std::size_t i = 0; i < found.size_bytes(); ++i) {
      if (found.data()[i] != expected.data()[i]) {
        return fmt::format("byte {} of {} is {:#x}, expected {:#x}", i, name(dtype),
                           std::to_integer<int>(found.data()[i]), std::to_integer<int>(expected.data()[i]));
      }
    }
  }
  auto [relative, absolute] = tolerance(dtype);
  if (dtype == DataType::f32) {
    // Sums of large terms that cancel leave what those terms were rounded by.
    double largest = 0;
    for (std::int64_t i = 0; i < expected.elements(); ++i) {
      const double value = std::abs(element(expected, i));
      if (std::isfinite(value)) largest = std::max(largest, value);
    }
    absolute = std::max(absolute, static_cast<double>(std::numeric_limits<float>::epsilon()) * largest);
  }
  for (std::int64_t i = 0; i < found.elements(); ++i) {
    const double a = element(found, i);
    const double b = element(expected, i);
    const bool equal = a == b || (std::isnan(a) && std::isnan(b));
    if (!equal && !(std::abs(a - b) <= absolute + relative * std::abs(b))) {
      return fmt::format("element {} is {}, expected {}", i, a, b);
    }
  }
  return {};
}

// Values one by one, whichever way the maps hold them.
Data map_value(const MapData& map, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  if (!map.values->is_tensor()) return map.values->sequence().elements.at(at);
  const Tensor& rows = map.values->tensor();
  Shape shape(rows.shape().begin() + 1, rows.shape().end());
  const std::size_t bytes = Tensor(rows.dtype(), shape).size_bytes();
  return Tensor::view_const(rows.dtype(), std::move(shape), rows.data() + at * bytes);
}

std::string map_difference(const MapData& found, const MapData& expected) {
  if (std::string text = compare(found.keys, expected.keys); !text.empty()) return "keys: " + text;
  for (std::int64_t i = 0; i < expected.keys.elements(); ++i) {
    if (std::string text = difference(map_value(found, i), map_value(expected, i)); !text.empty())
      return fmt::format("value {} of the map: {}", i, text);
  }
  return {};
}

}  // namespace

Data read_backend_data(const std::filesystem::path& path, const Type& type) {
  std::ifstream file(path, std::ios::binary);
  const Bytes bytes = std::make_shared<const std::string>(std::istreambuf_iterator<char>(file),
                                                          std::istreambuf_iterator<char>());
  return parse(*bytes, type, bytes);
}

std::string difference(const Data& found, const Data& expected) {
  if (found.present() != expected.present())
    return found.present() ? "a value, expected none" : "no value, expected one";
  if (!found.present()) return {};
  if (found.is_tensor() != expected.is_tensor()) return "another kind of value";
  if (found.is_tensor()) return compare(found.tensor(), expected.tensor());
  if (found.value.index() != expected.value.index()) return "another kind of value";
  if (std::holds_alternative<std::shared_ptr<const MapData>>(found.value))
    return map_difference(found.map(), expected.map());
  const auto& a = found.sequence().elements;
  const auto& b = expected.sequence().elements;
  if (a.size() != b.size()) return fmt::format("a sequence of {} elements, expected {}", a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::string text = difference(a[i], b[i]); !text.empty())
      return fmt::format("element {} of the sequence: {}", i, text);
  }
  return {};
}

std::string statistical_difference(const Tensor& found, const Tensor& expected) {
  if (found.dtype() != expected.dtype() || found.shape() != expected.shape())
    return "another dtype or another shape";
  std::set<double> allowed;
  double found_sum = 0;
  double expected_sum = 0;
  double squares = 0;
  for (std::int64_t i = 0; i < expected.elements(); ++i) {
    allowed.insert(element(expected, i));
    expected_sum += element(expected, i);
    squares += element(expected, i) * element(expected, i);
  }
  for (std::int64_t i = 0; i < found.elements(); ++i) {
    if (allowed.count(element(found, i)) == 0)
      return fmt::format("element {} is {}, which does not occur", i, element(found, i));
    found_sum += element(found, i);
  }
  const auto count = static_cast<double>(expected.elements());
  const double mean = expected_sum / count;
  const double deviation = std::sqrt(2 * (squares / count - mean * mean) / count);
  if (std::abs(found_sum / count - mean) > 5 * deviation)
    return fmt::format("the mean is {}, expected {}", found_sum / count, mean);
  return {};
}

std::string dropout_difference(const Tensor& y, const Tensor& x, double ratio) {
  if (y.dtype() != x.dtype() || y.shape() != x.shape()) return "another dtype or another shape";
  double dropped = 0;
  for (std::int64_t i = 0; i < x.elements(); ++i) {
    const double value = element(y, i);
    const double kept = element(x, i) / (1 - ratio);
    if (value == 0) {
      ++dropped;
    } else if (std::abs(value - kept) > 1e-5 * std::abs(kept)) {
      return fmt::format("element {} is {}, expected 0 or {}", i, value, kept);
    }
  }
  const auto count = static_cast<double>(x.elements());
  if (std::abs(dropped - count * ratio) > 5 * std::sqrt(count * ratio * (1 - ratio)))
    return fmt::format("{} of {} elements are dropped at a ratio of {}", dropped, count, ratio);
  return {};
}

}  // namespace tenon::test
