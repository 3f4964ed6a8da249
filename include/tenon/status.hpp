// The result of calls in the run half, which neither throw nor allocate.
#pragma once

#include <cstddef>
#include <string_view>

namespace tenon {

enum class StatusCode : unsigned char {
  ok,
  invalid_argument,
  out_of_memory,
  device_error,
  internal,
  not_ready
};

std::string_view to_string(StatusCode code) noexcept;

// A code and a message of at most kCapacity bytes, held inline; a longer one is cut between characters.
class [[nodiscard]] Status {
 public:
  static constexpr std::size_t kCapacity = 190;

  Status() noexcept = default;
  Status(StatusCode code, std::string_view message) noexcept;

  // printf-style: Status::format(StatusCode::invalid_argument, "input '%s' has rank %d", name, rank).
  [[gnu::format(printf, 2, 3)]] static Status format(StatusCode code, const char* pattern, ...) noexcept;

  bool ok() const noexcept { return code_ == StatusCode::ok; }
  explicit operator bool() const noexcept { return ok(); }
  StatusCode code() const noexcept { return code_; }
  std::string_view message() const noexcept { return {text_, size_}; }

  // ModelError for invalid_argument and not_ready, InternalError for internal, DeviceError for the others.
  void throw_if_error() const;

 private:
  StatusCode code_ = StatusCode::ok;
  unsigned char size_ = 0;
  char text_[kCapacity + 1] = {};
};

}  // namespace tenon
