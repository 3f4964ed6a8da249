// A user's program: sees only what is installed.
#include <tenon/error.hpp>
#include <tenon/logging.hpp>
#include <tenon/status.hpp>

#include <cstring>

int main() {
  tenon::set_log_sink([](tenon::LogLevel, std::string_view) {});
  try {
    tenon::Status(tenon::StatusCode::invalid_argument, "rank 3").throw_if_error();
  } catch (tenon::ModelError& error) {
    error.add_context("consuming");
    return std::strcmp(error.what(), "rank 3\n  while consuming") == 0 ? 0 : 1;
  }
  return 1;
}
