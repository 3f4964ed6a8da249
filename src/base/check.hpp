// TENON_CHECK(cond, "fmt", ...)    our own invariant: InternalError with file and line
// TENON_REQUIRE(cond, "fmt", ...)  a demand on the model or the caller: ModelError with the message alone
// TENON_UNREACHABLE("fmt", ...)    InternalError
#pragma once

#include <fmt/core.h>

#include <string>

namespace tenon::detail {

[[noreturn, gnu::cold]] void fail_check(const char* file, int line, const char* condition,
                                        const std::string& message);
[[noreturn, gnu::cold]] void fail_require(std::string message);

}  // namespace tenon::detail

#define TENON_CHECK(condition, ...)                                                            \
  do {                                                                                         \
    if (!(condition)) [[unlikely]]                                                             \
      ::tenon::detail::fail_check(__FILE__, __LINE__, #condition, ::fmt::format(__VA_ARGS__)); \
  } while (false)

#define TENON_REQUIRE(condition, ...)                            \
  do {                                                           \
    if (!(condition)) [[unlikely]]                               \
      ::tenon::detail::fail_require(::fmt::format(__VA_ARGS__)); \
  } while (false)

#define TENON_UNREACHABLE(...) \
  ::tenon::detail::fail_check(__FILE__, __LINE__, "unreachable", ::fmt::format(__VA_ARGS__))
