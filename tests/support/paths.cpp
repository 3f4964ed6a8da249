#include "support/paths.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace tenon::test {

namespace fs = std::filesystem;

fs::path test_path(std::string_view relative) { return fs::path(TENON_TESTS_DIR) / relative; }

fs::path corpus_path() {
  const char* path = std::getenv("TENON_CORPUS");
  return path == nullptr ? fs::path() : fs::path(path);
}

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "tenon-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + pattern);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace tenon::test
