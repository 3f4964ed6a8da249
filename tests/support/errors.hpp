// What a call is refused with.
#pragma once

#include <tenon/error.hpp>

#include <string>

namespace tenon::test {

// The message of the ModelError that `run` throws; "no error" when it throws none.
template <class Run>
std::string error_of(const Run& run) {
  try {
    run();
  } catch (const ModelError& error) {
    return error.message();
  }
  return "no error";
}

}  // namespace tenon::test
