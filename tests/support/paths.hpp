// Where tests find files.
#pragma once

#include <filesystem>
#include <string_view>

namespace tenon::test {

// A file that comes with the tests: test_path("golden/fold.ir") is tests/golden/fold.ir, wherever the test
// runs.
std::filesystem::path test_path(std::string_view relative);

// The corpus of real networks, from the environment variable TENON_CORPUS; empty where it is not set. Tests
// that need it skip with a message otherwise.
std::filesystem::path corpus_path();

// A fresh directory, removed with all it contains at the end of the scope.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace tenon::test
