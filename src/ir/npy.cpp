#include "ir/npy.hpp"

#include "base/context.hpp"
#include "base/mapped_file.hpp"
#include "base/text.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>

namespace tenon {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

[[noreturn]] void fail(const std::string& message) { throw ModelError("not a usable .npy file: " + message); }

// Type code without byte order, e.g. "f4".
constexpr std::array<std::pair<std::string_view, DataType>, 14> kCodes = {{
    {"f4", DataType::f32},
    {"f8", DataType::f64},
    {"f2", DataType::f16},
    {"i1", DataType::i8},
    {"i2", DataType::i16},
    {"i4", DataType::i32},
    {"i8", DataType::i64},
    {"u1", DataType::u8},
    {"u2", DataType::u16},
    {"u4", DataType::u32},
    {"u8", DataType::u64},
    {"b1", DataType::boolean},
    {"c8", DataType::c64},
    {"c16", DataType::c128},
}};

struct Header {
  std::string descr;
  bool fortran = false;
  Shape shape;
};

// The Python dictionary literal of the header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Header parse() {
    Header header;
    int seen = 0;
    expect('{');
    while (!accept('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        header.descr = string();
        seen |= 1;
      } else if (key == "fortran_order") {
        header.fortran = boolean();
        seen |= 2;
      } else if (key == "shape") {
        header.shape = shape();
        seen |= 4;
      } else {
        fail(fmt::format("the header has an unknown entry {}", quote(key)));
      }
      if (!accept(',') && peek() != '}') fail("the header is malformed");
    }
    if (seen != 7) fail("the header lacks descr, fortran_order or shape");
    return header;
  }

 private:
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("'{}' expected at byte {} of the header", c, at_));
  }
  std::string string() {
    const char mark = peek();
    if (mark != '\'' && mark != '"') fail(fmt::format("a string expected at byte {} of the header", at_));
    const std::size_t end = text_.find(mark, at_ + 1);
    if (end == std::string_view::npos) fail("a string of the header does not end");
    std::string result(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return result;
  }
  bool boolean() {
    peek();
    for (const auto& [word, value] :
         {std::pair(std::string_view("True"), true), std::pair(std::string_view("False"), false)}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("fortran_order is neither True nor False");
  }
  Shape shape() {
    Shape result;
    expect('(');
    while (!accept(')')) {
      std::int64_t dim = 0;
      peek();
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), dim);
      if (error != std::errc{} || dim < 0) fail("the shape holds something that is no extent");
      at_ = static_cast<std::size_t>(end - text_.data());
      result.push_back(dim);
      if (!accept(',') && peek() != ')') fail("the shape is malformed");
    }
    return result;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// Elements of `width` bytes in column-major order → row-major order.
void from_fortran(const std::byte* in, std::byte* out, const Shape& shape, std::size_t width) {
  const std::size_t rank = shape.size();
  const std::int64_t count = element_count(shape);
  if (count == 0) return;
  std::vector<std::int64_t> stride(rank, 1);
  for (std::size_t i = 1; i < rank; ++i) stride[i] = stride[i - 1] * shape[i - 1];
  std::vector<std::int64_t> index(rank, 0);
  for (std::int64_t n = 0; n < count; ++n) {
    std::int64_t source = 0;
    for (std::size_t i = 0; i < rank; ++i) source += index[i] * stride[i];
    std::memcpy(out + static_cast<std::size_t>(n) * width, in + static_cast<std::size_t>(source) * width,
                width);
    for (std::size_t i = rank; i-- > 0;) {
      if (++index[i] < shape[i]) break;
      index[i] = 0;
    }
  }
}

void append_utf8(std::string& text, std::uint32_t code) {
  if (code < 0x80) {
    text += static_cast<char>(code);
  } else if (code < 0x800) {
    text += static_cast<char>(0xC0U | (code >> 6));
    text += static_cast<char>(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    text += static_cast<char>(0xE0U | (code >> 12));
    text += static_cast<char>(0x80U | ((code >> 6) & 0x3FU));
    text += static_cast<char>(0x80U | (code & 0x3FU));
  } else if (code < 0x110000) {
    text += static_cast<char>(0xF0U | (code >> 18));
    text += static_cast<char>(0x80U | ((code >> 12) & 0x3FU));
    text += static_cast<char>(0x80U | ((code >> 6) & 0x3FU));
    text += static_cast<char>(0x80U | (code & 0x3FU));
  } else {
    fail("a text holds something that is no character");
  }
}

std::vector<std::uint32_t> code_points(std::string_view text) {
  std::vector<std::uint32_t> codes;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    std::uint32_t code = more == 0 ? lead : lead & (0x3FU >> more);
    for (std::size_t k = 1; k <= more; ++k)
      code = (code << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    codes.push_back(code);
    i += more + 1;
  }
  return codes;
}

// Elements of fixed width, padded with NULs: bytes ('S') or UTF-32 ('U').
Tensor read_text(const Header& header, std::span<const std::byte> data, bool swap) {
  const bool wide = header.descr[1] == 'U';
  std::size_t length = 0;
  const char* const end = header.descr.data() + header.descr.size();
  const auto parsed = std::from_chars(header.descr.data() + 2, end, length);
  if (parsed.ec != std::errc{} || parsed.ptr != end) fail("the text length is malformed");
  const auto count = static_cast<std::size_t>(element_count(header.shape));
  if (count == 0 && data.empty()) return Tensor::strings(header.shape, {});
  if (length > data.size()) fail("the text length is malformed");
  const std::size_t width = length * (wide ? 4 : 1);
  const bool fits = width == 0 ? count <= data.size() || count == 0
                               : count == data.size() / width && data.size() % width == 0;
  if (!fits) fail(fmt::format("{} bytes of data for {} texts of {} bytes", data.size(), count, width));
  std::vector<std::byte> reordered(header.fortran ? data.size() : 0);
  if (header.fortran && width != 0) {
    from_fortran(data.data(), reordered.data(), header.shape, width);
    data = reordered;
  }
  std::vector<std::string> strings(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::byte* element = data.data() + i * width;
    for (std::size_t k = 0; k < length; ++k) {
      std::uint32_t code = std::to_integer<std::uint32_t>(element[wide ? 0 : k]);
      if (wide) {
        std::memcpy(&code, element + 4 * k, 4);
        if (swap) code = __builtin_bswap32(code);
      }
      if (code == 0) break;
      if (wide) {
        append_utf8(strings[i], code);
      } else {
        strings[i] += static_cast<char>(code);
      }
    }
  }
  return Tensor::strings(header.shape, std::move(strings));
}

// `owner` of the bytes, where the tensor may be a view of them.
Tensor parse_array(std::span<const std::byte> bytes, const std::shared_ptr<const void>& owner) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.size() < 10 || text.substr(0, kMagic.size()) != kMagic) fail("it does not start like one");
  const bool long_header = text[6] != 1;
  if (text[6] < 1 || text[6] > 3) fail(fmt::format("version {} is not known", static_cast<int>(text[6])));
  std::uint32_t header_size = 0;
  const std::size_t begin = long_header ? 12 : 10;
  if (text.size() < begin) fail("it ends within the header");
  std::memcpy(&header_size, text.data() + 8, long_header ? 4 : 2);
  if (header_size > text.size() - begin) fail("it ends within the header");
  const Header header = HeaderParser(text.substr(begin, header_size)).parse();
  const std::span<const std::byte> data = bytes.subspan(begin + header_size);

  const std::string& descr = header.descr;
  if (descr.size() < 3 || std::string_view("<>|=").find(descr[0]) == std::string_view::npos) {
    fail(fmt::format("type {} is not known", quote(descr)));
  }
  const bool swap = descr[0] == '>';
  if (descr[1] == 'U' || descr[1] == 'S') return read_text(header, data, swap);
  const auto* const code = std::find_if(kCodes.begin(), kCodes.end(), [&](const auto& entry) {
    return entry.first == std::string_view(descr).substr(1);
  });
  if (code == kCodes.end()) fail(fmt::format("type {} is not supported", quote(descr)));
  const DataType dtype = code->second;
  const auto width = static_cast<std::size_t>(bit_width(dtype)) / 8;
  const auto count = static_cast<std::size_t>(element_count(header.shape));
  if (count > data.size() / width || count * width != data.size()) {
    fail(fmt::format("{} bytes of data, the header promises {} elements of {} bytes", data.size(), count,
                     width));
  }
  const bool as_it_is = !header.fortran && !swap && dtype != DataType::boolean;
  if (owner && as_it_is && reinterpret_cast<std::uintptr_t>(data.data()) % width == 0) {
    return Tensor::view_const(dtype, header.shape, data.data(), owner);
  }
  Tensor tensor(dtype, header.shape);
  if (count == 0) return tensor;
  std::byte* const out = tensor.mutable_data();
  if (header.fortran) {
    from_fortran(data.data(), out, header.shape, width);
  } else {
    std::memcpy(out, data.data(), data.size());
  }
  if (swap) {
    const std::size_t unit = dtype == DataType::c64 || dtype == DataType::c128 ? width / 2 : width;
    for (std::byte* at = out; at != out + data.size(); at += unit) std::reverse(at, at + unit);
  }
  if (dtype == DataType::boolean) {
    for (std::byte& b : std::span(out, count)) b = std::byte{b != std::byte{0}};
  }
  return tensor;
}

}  // namespace

Tensor parse_npy(std::span<const std::byte> bytes) { return parse_array(bytes, nullptr); }

Tensor map_npy(const std::filesystem::path& path) {
  return in_context(
      [&] {
        const auto file = MappedFile::open(path);
        return parse_array(file->bytes(), file);
      },
      [&] { return fmt::format("reading {}", quote(path.string())); });
}

Tensor read_npy(const std::filesystem::path& path) {
  return in_context([&] { return parse_npy(MappedFile(path).bytes()); },
                    [&] { return fmt::format("reading {}", quote(path.string())); });
}

std::string format_npy(const Tensor& tensor) {
  std::string descr;
  std::string data;
  if (tensor.dtype() == DataType::string) {
    std::vector<std::vector<std::uint32_t>> texts;
    std::size_t length = 1;
    for (const std::string& value : tensor.values<std::string>()) {
      if (!is_valid_utf8(value))
        throw ModelError("a string that is not UTF-8 cannot be written to a .npy file");
      texts.push_back(code_points(value));
      length = std::max(length, texts.back().size());
    }
    descr = fmt::format("<U{}", length);
    for (auto& codes : texts) {
      codes.resize(length, 0);
      data.append(reinterpret_cast<const char*>(codes.data()), codes.size() * 4);
    }
  } else {
    const auto* const code = std::find_if(kCodes.begin(), kCodes.end(),
                                          [&](const auto& entry) { return entry.second == tensor.dtype(); });
    if (code == kCodes.end()) throw ModelError(fmt::format("numpy has no type for {}", name(tensor.dtype())));
    const bool single = bit_width(tensor.dtype()) == 8;
    descr = fmt::format("{}{}", single ? '|' : '<', code->first);
    data.assign(reinterpret_cast<const char*>(tensor.data()), tensor.size_bytes());
  }
  std::string shape;
  for (const std::int64_t dim : tensor.shape()) shape += fmt::format("{}, ", dim);
  if (tensor.rank() == 1) shape.pop_back();
  if (tensor.rank() > 1) shape.resize(shape.size() - 2);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, shape);
  // The data starts at a multiple of 64.
  header.append(63 - (kMagic.size() + 4 + header.size()) % 64, ' ');
  header += '\n';
  std::string file(kMagic);
  file += '\x01';
  file += '\0';
  file += static_cast<char>(header.size() & 0xFFU);
  file += static_cast<char>(header.size() >> 8);
  return file + header + data;
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  const std::string file = format_npy(tensor);
  write_file_atomically(
      path, [&](std::ostream& out) { out.write(file.data(), static_cast<std::streamsize>(file.size())); });
}

}  // namespace tenon
