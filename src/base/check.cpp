#include "base/check.hpp"

#include <tenon/error.hpp>

#include <string_view>
#include <utility>

namespace tenon::detail {

namespace {

// Paths in messages do not depend on where the tree was built.
std::string_view below_source_root(std::string_view file) {
  const auto at = file.rfind("/src/");
  return at == std::string_view::npos ? file : file.substr(at + 1);
}

}  // namespace

void fail_check(const char* file, int line, const char* condition, const std::string& message) {
  throw InternalError(fmt::format("{} [{}:{}: {}]", message, below_source_root(file), line, condition));
}

void fail_require(std::string message) { throw ModelError(std::move(message)); }

}  // namespace tenon::detail
