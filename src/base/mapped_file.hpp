// Files as bytes: mapped for reading, replaced as a whole when written.
#pragma once

#include "base/function_ref.hpp"

#include <cstddef>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <span>

namespace tenon {

// A whole file, mapped read-only; pages are read when touched. The file must not be truncated while it is
// mapped. A file that is missing, unreadable or not a regular file is a ModelError that names it.
class MappedFile {
 public:
  enum class Access { normal, sequential, random, will_need };

  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  // For readers that keep views into the bytes, e.g. constants.
  static std::shared_ptr<const MappedFile> open(const std::filesystem::path& path);

  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::span<const std::byte> bytes() const noexcept { return {data_, size_}; }
  const std::filesystem::path& path() const noexcept { return path_; }

  // A hint to the system about a range (clamped to the file) that is about to be used.
  void advise(Access access, std::size_t offset = 0,
              std::size_t size = static_cast<std::size_t>(-1)) const noexcept;

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Calls write(stream) on a temporary file in the directory of `path`, flushes it to disk and renames it to
// `path`: readers see the old file or the new one, never a part. When `write` throws or a write fails, the
// temporary file is removed and `path` is as before; a file system's refusal is a ModelError that names the
// path.
void write_file_atomically(const std::filesystem::path& path, FunctionRef<void(std::ostream&)> write);

}  // namespace tenon
