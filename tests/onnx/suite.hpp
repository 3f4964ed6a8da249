// Where the official backend tests lie.
#pragma once

#include "support/paths.hpp"

#include <cstdlib>
#include <filesystem>

namespace tenon::test {

// The folder that TENON_ONNX_BACKEND names (scripts/export_backend_suite.py makes one), else the corpus's
// copy; empty without either.
inline std::filesystem::path suite_path() {
  if (const char* given = std::getenv("TENON_ONNX_BACKEND")) return given;
  return corpus_path().empty() ? std::filesystem::path() : corpus_path() / "onnx-backend";
}

}  // namespace tenon::test
