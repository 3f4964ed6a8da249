#include <tenon/error.hpp>
#include <tenon/status.hpp>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

namespace tenon {

namespace {

// The longest prefix of `text` within `limit` bytes that does not end inside a UTF-8 sequence.
std::size_t prefix_size(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text.size();
  std::size_t size = limit;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return size;
}

}  // namespace

std::string_view to_string(StatusCode code) noexcept {
  switch (code) {
    case StatusCode::ok: return "ok";
    case StatusCode::invalid_argument: return "invalid argument";
    case StatusCode::out_of_memory: return "out of memory";
    case StatusCode::device_error: return "device error";
    case StatusCode::internal: return "internal error";
    case StatusCode::not_ready: return "not ready";
  }
  return "unknown";
}

Status::Status(StatusCode code, std::string_view message) noexcept : code_(code) {
  static_assert(kCapacity <= 255, "size_ is one byte");
  size_ = static_cast<unsigned char>(prefix_size(message, kCapacity));
  std::memcpy(text_, message.data(), size_);
}

Status Status::format(StatusCode code, const char* pattern, ...) noexcept {
  char buffer[2 * kCapacity];
  std::va_list arguments;
  va_start(arguments, pattern);
  const int written = std::vsnprintf(buffer, sizeof buffer, pattern, arguments);
  va_end(arguments);
  if (written < 0) return {code, pattern};
  return {code, {buffer, std::min(static_cast<std::size_t>(written), sizeof buffer - 1)}};
}

void Status::throw_if_error() const {
  switch (code_) {
    case StatusCode::ok: return;
    case StatusCode::invalid_argument:
    case StatusCode::not_ready: throw ModelError(std::string(message()));
    case StatusCode::out_of_memory:
    case StatusCode::device_error: throw DeviceError(std::string(message()));
    case StatusCode::internal: throw InternalError(std::string(message()));
  }
}

}  // namespace tenon
