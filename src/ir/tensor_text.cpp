#include "ir/tensor_text.hpp"

#include "base/half.hpp"
#include "base/text.hpp"
#include "ir/number_text.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

namespace tenon {
namespace {

// What is larger goes to the blob store even when all elements are equal, so that a short text cannot ask for
// much memory.
constexpr std::size_t kMaxSplatBytes = 64 << 10;
constexpr std::size_t kMaxAllocatedBytes = std::size_t{1} << 30;

constexpr std::array<float, 8> kF4Values = {0, 0.5F, 1, 1.5F, 2, 3, 4, 6};

template <class T>
T load(const Tensor& tensor, std::int64_t index) {
  T value;
  std::memcpy(&value, tensor.data() + static_cast<std::size_t>(index) * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void store(Tensor& tensor, std::int64_t index, T value) {
  std::memcpy(tensor.mutable_data() + static_cast<std::size_t>(index) * sizeof(T), &value, sizeof(T));
}

unsigned load_bits(const Tensor& tensor, std::int64_t index) {
  const int bits = bit_width(tensor.dtype());
  const std::int64_t at = index * bits;
  return (std::to_integer<unsigned>(tensor.data()[at / 8]) >> (at % 8)) & ((1U << bits) - 1);
}

void store_bits(Tensor& tensor, std::int64_t index, unsigned value) {
  const int bits = bit_width(tensor.dtype());
  const std::int64_t at = index * bits;
  const unsigned mask = ((1U << bits) - 1) << (at % 8);
  std::byte& byte = tensor.mutable_data()[at / 8];
  byte = std::byte((std::to_integer<unsigned>(byte) & ~mask) | ((value << (at % 8)) & mask));
}

// Small floats print as the float they stand for; a NaN other than the usual one by its bits.
template <class T>
std::string print_small_float(T value) {
  const float wide(value);
  if (!std::isnan(wide)) return print_shortest(wide);
  if (value.bits == T(std::numeric_limits<float>::quiet_NaN()).bits) return "nan";
  return fmt::format("nan(0x{:x})", value.bits);
}

template <class T>
T parse_small_float(Lexer& lexer) {
  const std::size_t start = lexer.peek().offset;
  if (!lexer.accept("nan")) return T(parse_number<float>(lexer));
  if (!lexer.accept('(')) return T(std::numeric_limits<float>::quiet_NaN());
  using Bits = decltype(T{}.bits);
  const std::uint64_t bits = lexer.expect(Token::Kind::integer, "the bits of the NaN").integer;
  lexer.expect(')');
  const T value = T::from_bits(static_cast<Bits>(bits));
  if (value.bits != bits || !std::isnan(static_cast<float>(value)))
    lexer.fail(start, "these bits are not those of a NaN");
  return value;
}

std::int64_t parse_integer(Lexer& lexer, std::int64_t low, std::int64_t high) {
  const std::size_t start = lexer.peek().offset;
  const std::int64_t value = lexer.expect_signed_integer();
  if (value < low || value > high) lexer.fail(start, fmt::format("{} is not in [{}, {}]", value, low, high));
  return value;
}

// Calls f with a value of the type that stores elements of `dtype`; not for packed types.
template <class F>
decltype(auto) with_stored_type(DataType dtype, F&& f) {
  switch (dtype) {
    case DataType::f32: return f(float{});
    case DataType::f64: return f(double{});
    case DataType::f16: return f(float16{});
    case DataType::bf16: return f(bfloat16{});
    case DataType::f8e4m3fn: return f(float8_e4m3fn{});
    case DataType::f8e4m3fnuz: return f(float8_e4m3fnuz{});
    case DataType::f8e5m2: return f(float8_e5m2{});
    case DataType::f8e5m2fnuz: return f(float8_e5m2fnuz{});
    case DataType::f8e8m0: return f(float8_e8m0{});
    case DataType::i8: return f(std::int8_t{});
    case DataType::i16: return f(std::int16_t{});
    case DataType::i32: return f(std::int32_t{});
    case DataType::i64: return f(std::int64_t{});
    case DataType::u8: return f(std::uint8_t{});
    case DataType::u16: return f(std::uint16_t{});
    case DataType::u32: return f(std::uint32_t{});
    default: return f(std::uint64_t{});
  }
}

std::string print_element(const Tensor& tensor, std::int64_t i) {
  const DataType dtype = tensor.dtype();
  switch (dtype) {
    case DataType::string: return quote_literal(tensor.values<std::string>()[static_cast<std::size_t>(i)]);
    case DataType::boolean: {
      const auto byte = load<std::uint8_t>(tensor, i);
      return byte > 1 ? fmt::format("{}", byte) : byte == 1 ? "true" : "false";
    }
    case DataType::c64:
      return fmt::format("({}, {})", print_shortest(load<float>(tensor, 2 * i)),
                         print_shortest(load<float>(tensor, 2 * i + 1)));
    case DataType::c128:
      return fmt::format("({}, {})", print_shortest(load<double>(tensor, 2 * i)),
                         print_shortest(load<double>(tensor, 2 * i + 1)));
    case DataType::f4e2m1: {
      const unsigned bits = load_bits(tensor, i);
      return (bits >= 8 ? "-" : "") + print_shortest(kF4Values[bits % 8]);
    }
    case DataType::i2:
    case DataType::i4: {
      const int half = 1 << (bit_width(dtype) - 1);
      const int value = static_cast<int>(load_bits(tensor, i));
      return fmt::format("{}", value >= half ? value - 2 * half : value);
    }
    case DataType::u2:
    case DataType::u4: return fmt::format("{}", load_bits(tensor, i));
    default: break;
  }
  return with_stored_type(dtype, [&](auto zero) -> std::string {
    using T = decltype(zero);
    const T value = load<T>(tensor, i);
    if constexpr (std::is_floating_point_v<T>) {
      return print_shortest(value);
    } else if constexpr (std::is_integral_v<T>) {
      return fmt::format("{}", value);
    } else {
      return print_small_float(value);
    }
  });
}

template <class T>
void parse_complex(Lexer& lexer, Tensor& tensor, std::int64_t i) {
  lexer.expect('(');
  store(tensor, 2 * i, parse_number<T>(lexer));
  lexer.expect(',');
  store(tensor, 2 * i + 1, parse_number<T>(lexer));
  lexer.expect(')');
}

unsigned parse_f4(Lexer& lexer) {
  const std::size_t start = lexer.peek().offset;
  const float value = parse_number<float>(lexer);
  const auto* found = std::find(kF4Values.begin(), kF4Values.end(), std::fabs(value));
  if (found == kF4Values.end()) lexer.fail(start, "f4e2m1 has the magnitudes 0, 0.5, 1, 1.5, 2, 3, 4 and 6");
  return static_cast<unsigned>(found - kF4Values.begin()) + (std::signbit(value) ? 8U : 0U);
}

void parse_element(Lexer& lexer, Tensor& tensor, std::int64_t i) {
  const DataType dtype = tensor.dtype();
  switch (dtype) {
    case DataType::string:
      tensor.mutable_values<std::string>()[static_cast<std::size_t>(i)] =
          lexer.expect(Token::Kind::string, "a string").text;
      return;
    case DataType::boolean:
      if (lexer.accept("true")) return store(tensor, i, std::uint8_t{1});
      if (lexer.accept("false")) return store(tensor, i, std::uint8_t{0});
      return store(tensor, i, static_cast<std::uint8_t>(parse_integer(lexer, 0, 255)));
    case DataType::c64: return parse_complex<float>(lexer, tensor, i);
    case DataType::c128: return parse_complex<double>(lexer, tensor, i);
    case DataType::f4e2m1: return store_bits(tensor, i, parse_f4(lexer));
    case DataType::i2:
    case DataType::i4: {
      const int half = 1 << (bit_width(dtype) - 1);
      return store_bits(tensor, i, static_cast<unsigned>(parse_integer(lexer, -half, half - 1)));
    }
    case DataType::u2:
    case DataType::u4:
      return store_bits(tensor, i,
                        static_cast<unsigned>(parse_integer(lexer, 0, (1 << bit_width(dtype)) - 1)));
    case DataType::u64: return store(tensor, i, lexer.expect(Token::Kind::integer, "an integer").integer);
    default: break;
  }
  with_stored_type(dtype, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>) {
      store(tensor, i, parse_number<T>(lexer));
    } else if constexpr (std::is_same_v<T, std::uint64_t>) {
      lexer.fail("unreachable element type");
    } else if constexpr (std::is_integral_v<T>) {
      store(
          tensor, i,
          static_cast<T>(parse_integer(lexer, std::numeric_limits<T>::min(), std::numeric_limits<T>::max())));
    } else {
      store(tensor, i, parse_small_float<T>(lexer));
    }
  });
}

bool same_elements(const Tensor& tensor, std::int64_t i, std::int64_t j) {
  if (tensor.dtype() == DataType::string) {
    const auto strings = tensor.values<std::string>();
    return strings[static_cast<std::size_t>(i)] == strings[static_cast<std::size_t>(j)];
  }
  const int bits = bit_width(tensor.dtype());
  if (bits < 8) return load_bits(tensor, i) == load_bits(tensor, j);
  const auto width = static_cast<std::size_t>(bits / 8);
  return std::memcmp(tensor.data() + static_cast<std::size_t>(i) * width,
                     tensor.data() + static_cast<std::size_t>(j) * width, width) == 0;
}

bool is_splat(const Tensor& tensor) {
  if (tensor.elements() < 2 || tensor.size_bytes() > kMaxSplatBytes) return false;
  for (std::int64_t i = 1; i < tensor.elements(); ++i) {
    if (!same_elements(tensor, 0, i)) return false;
  }
  return true;
}

// Strings in a blob: each as its length (64 bits) and its bytes.
std::shared_ptr<const std::vector<std::byte>> encode_strings(const Tensor& tensor) {
  auto bytes = std::make_shared<std::vector<std::byte>>();
  for (const std::string& text : tensor.values<std::string>()) {
    const std::uint64_t size = text.size();
    const auto* head = reinterpret_cast<const std::byte*>(&size);
    const auto* body = reinterpret_cast<const std::byte*>(text.data());
    bytes->insert(bytes->end(), head, head + sizeof size);
    bytes->insert(bytes->end(), body, body + text.size());
  }
  return bytes;
}

std::optional<std::vector<std::string>> decode_strings(std::span<const std::byte> bytes, std::int64_t count) {
  std::vector<std::string> strings;
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint64_t size = 0;
    if (bytes.size() < sizeof size) return std::nullopt;
    std::memcpy(&size, bytes.data(), sizeof size);
    bytes = bytes.subspan(sizeof size);
    if (bytes.size() < size) return std::nullopt;
    strings.emplace_back(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size));
    bytes = bytes.subspan(static_cast<std::size_t>(size));
  }
  if (!bytes.empty()) return std::nullopt;
  return strings;
}

std::string print_by_hash(const Tensor& tensor, BlobStore* blobs) {
  BlobStore::Blob blob;
  if (tensor.dtype() == DataType::string) {
    auto bytes = encode_strings(tensor);
    blob = {*bytes, bytes};
  } else {
    const auto keep = std::make_shared<Tensor>(tensor);
    blob = {{tensor.data(), tensor.size_bytes()}, keep};
  }
  const Hash128 hash = blobs == nullptr ? hash128(blob.bytes) : blobs->add(blob.bytes, blob.owner);
  return '#' + hash.hex();
}

}  // namespace

std::string print_tensor(const Tensor& tensor, BlobStore* blobs) {
  std::string text = fmt::format("{}[{}] ", name(tensor.dtype()), fmt::join(tensor.shape(), ","));
  if (is_splat(tensor)) return text + "splat(" + print_element(tensor, 0) + ')';
  if (tensor.elements() > kMaxInlineElements) return text + print_by_hash(tensor, blobs);
  text += '[';
  for (std::int64_t i = 0; i < tensor.elements(); ++i) {
    if (i > 0) text += ", ";
    text += print_element(tensor, i);
  }
  return text + ']';
}

bool TensorParser::starts(const Lexer& lexer) {
  const Token& token = lexer.peek();
  return token.is('[') || token.is("splat") || token.kind == Token::Kind::hash;
}

Tensor TensorParser::parse(Lexer& lexer, std::size_t type_offset, const Type& type) {
  if (!type.is_tensor() || !type.as_tensor().is_static() || !type.as_tensor().layout.is_plain() ||
      type.as_tensor().quant.scheme != Quantization::Scheme::none) {
    lexer.fail(type_offset,
               "the type of a tensor's value has numbers for dims, no layout and no quantization");
  }
  const DataType dtype = type.as_tensor().dtype;
  Shape shape;
  for (const Dim& dim : *type.as_tensor().dims) shape.push_back(dim.value());
  std::int64_t count = 0;
  try {
    count = element_count(shape);
  } catch (const ModelError& error) {
    lexer.fail(type_offset, error.message());
  }
  if (lexer.peek().kind == Token::Kind::hash) return parse_blob(lexer, dtype, std::move(shape));

  const bool splat = lexer.accept("splat");
  const auto elements = static_cast<std::size_t>(count);
  if (splat &&
      (elements < 1 || elements > kMaxSplatBytes || storage_bytes(dtype, elements) > kMaxSplatBytes)) {
    lexer.fail(type_offset,
               fmt::format("a splat has at least one element and at most {} bytes", kMaxSplatBytes));
  }
  // Every listed element takes at least two characters, so the text bounds what is allocated.
  if (!splat && count > kMaxInlineElements) {
    lexer.fail(type_offset,
               fmt::format("a tensor of more than {} elements is written by hash", kMaxInlineElements));
  }
  allocated_ += storage_bytes(dtype, elements);
  if (allocated_ > kMaxAllocatedBytes)
    lexer.fail(type_offset, "the constants of this text take too much memory");

  Tensor tensor(dtype, std::move(shape));
  lexer.expect(splat ? '(' : '[');
  const std::int64_t listed = splat ? 1 : count;
  for (std::int64_t i = 0; i < listed; ++i) {
    if (i > 0) lexer.expect(',');
    parse_element(lexer, tensor, i);
  }
  lexer.expect(splat ? ')' : ']');
  if (!splat) return tensor;
  for (std::int64_t i = 1; i < count; ++i) {
    if (dtype == DataType::string) {
      const auto strings = tensor.mutable_values<std::string>();
      strings[static_cast<std::size_t>(i)] = strings.front();
    } else if (bit_width(dtype) < 8) {
      store_bits(tensor, i, load_bits(tensor, 0));
    } else {
      const auto width = static_cast<std::size_t>(bit_width(dtype) / 8);
      std::memcpy(tensor.mutable_data() + static_cast<std::size_t>(i) * width, tensor.data(), width);
    }
  }
  return tensor;
}

Tensor TensorParser::parse_blob(Lexer& lexer, DataType dtype, Shape shape) {
  const Token token = lexer.next();
  if (token.text.size() != 32)
    lexer.fail(token.offset, "the hash of a tensor's bytes has 32 hexadecimal digits");
  Hash128 hash;
  for (std::size_t i = 0; i < 32; ++i) {
    const char c = token.text[i];
    const auto digit = static_cast<std::uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    std::uint64_t& half = i < 16 ? hash.high : hash.low;
    half = half << 4 | digit;
  }
  const auto blob = blobs_ == nullptr ? std::nullopt : blobs_->find(hash);
  if (!blob) lexer.fail(token.offset, "the bytes of this tensor are not in the blob file beside the text");
  const std::int64_t count = element_count(shape);
  if (dtype == DataType::string) {
    auto strings = decode_strings(blob->bytes, count);
    if (!strings) lexer.fail(token.offset, fmt::format("these bytes are not {} strings", count));
    return Tensor::strings(std::move(shape), *std::move(strings));
  }
  constexpr std::int64_t kMost = std::int64_t{1} << 56;
  if (count > kMost || blob->bytes.size() != storage_bytes(dtype, static_cast<std::size_t>(count))) {
    lexer.fail(token.offset, fmt::format("a tensor of {} elements of {} has another size than these {} bytes",
                                         count, name(dtype), blob->bytes.size()));
  }
  return Tensor::view_const(dtype, std::move(shape), blob->bytes.data(), blob->owner);
}

}  // namespace tenon
