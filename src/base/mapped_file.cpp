#include "base/mapped_file.hpp"

#include "base/check.hpp"

#include <tenon/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ostream>
#include <streambuf>
#include <string>
#include <utility>

namespace tenon {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail_on_file(const char* action, const fs::path& path, int error) {
  throw ModelError(fmt::format("cannot {} '{}': {}", action, path.string(), std::strerror(error)));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int value) noexcept : value_(value) {}
  ~FileDescriptor() {
    if (value_ >= 0) close(value_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const noexcept { return value_; }

 private:
  int value_;
};

// Unlike std::filebuf it keeps the reason of a failure and leaves the descriptor open for fsync.
class DescriptorBuffer : public std::streambuf {
 public:
  explicit DescriptorBuffer(int descriptor) noexcept : descriptor_(descriptor) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }

  int error() const noexcept { return error_; }

 protected:
  int_type overflow(int_type c) override {
    if (sync() != 0) return traits_type::eof();
    if (!traits_type::eq_int_type(c, traits_type::eof())) {
      *pptr() = traits_type::to_char_type(c);
      pbump(1);
    }
    return traits_type::not_eof(c);
  }

  std::streamsize xsputn(const char* text, std::streamsize count) override {
    if (count == 0) return 0;
    if (count < epptr() - pptr()) {
      std::memcpy(pptr(), text, static_cast<std::size_t>(count));
      pbump(static_cast<int>(count));
      return count;
    }
    if (sync() != 0 || !write_out(text, static_cast<std::size_t>(count))) return 0;
    return count;
  }

  int sync() override {
    const bool written = write_out(pbase(), static_cast<std::size_t>(pptr() - pbase()));
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return written ? 0 : -1;
  }

  // Only the position is told (ostream::tellp): plan files align their blobs by it.
  pos_type seekoff(off_type offset, std::ios_base::seekdir way, std::ios_base::openmode) override {
    if (offset != 0 || way != std::ios_base::cur) return pos_type(off_type(-1));
    return pos_type(written_ + (pptr() - pbase()));
  }

 private:
  bool write_out(const char* text, std::size_t count) {
    while (count > 0 && error_ == 0) {
      const ssize_t n = write(descriptor_, text, count);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        error_ = errno;
        break;
      }
      text += n;
      count -= static_cast<std::size_t>(n);
      written_ += n;
    }
    return error_ == 0;
  }

  int descriptor_;
  int error_ = 0;
  off_type written_ = 0;
  std::array<char, 1 << 16> buffer_;
};

// Removes the file unless it was kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string name) : name_(std::move(name)) {}
  ~TemporaryFile() {
    if (!name_.empty()) unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& name() const noexcept { return name_; }
  void keep() noexcept { name_.clear(); }

 private:
  std::string name_;
};

// Creates a file that did not exist before next to `path` and returns its name; the descriptor is -1 and
// errno set on failure.
std::pair<int, std::string> create_beside(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  for (;;) {
    std::string name = fmt::format("{}.tmp-{}-{}", path.string(), getpid(), counter.fetch_add(1));
    const int descriptor = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) return {descriptor, std::move(name)};
  }
}

}  // namespace

MappedFile::MappedFile(const fs::path& path) : path_(path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) fail_on_file("open", path, errno);
  struct stat status = {};
  if (fstat(file.get(), &status) != 0) fail_on_file("read", path, errno);
  if (S_ISDIR(status.st_mode)) fail_on_file("read", path, EISDIR);
  TENON_REQUIRE(S_ISREG(status.st_mode), "cannot read '{}': not a regular file", path.string());
  size_ = static_cast<std::size_t>(status.st_size);
  if (size_ == 0) return;
  void* address = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) fail_on_file("map", path, errno);
#ifdef MADV_HUGEPAGE
  // A wish: file systems that cache files in large pieces then read them in huge pages, and an engine walks
  // through more weights than a TLB covers with small ones.
  madvise(address, size_, MADV_HUGEPAGE);
#endif
  data_ = static_cast<const std::byte*>(address);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

std::shared_ptr<const MappedFile> MappedFile::open(const fs::path& path) {
  return std::make_shared<const MappedFile>(path);
}

void MappedFile::advise(Access access, std::size_t offset, std::size_t size) const noexcept {
  if (offset >= size_) return;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t begin = offset / page * page;
  const std::size_t end = offset + std::min(size, size_ - offset);
  int advice = MADV_NORMAL;
  switch (access) {
    case Access::normal: advice = MADV_NORMAL; break;
    case Access::sequential: advice = MADV_SEQUENTIAL; break;
    case Access::random: advice = MADV_RANDOM; break;
    case Access::will_need: advice = MADV_WILLNEED; break;
  }
  madvise(const_cast<std::byte*>(data_) + begin, end - begin, advice);
}

void write_file_atomically(const fs::path& path, FunctionRef<void(std::ostream&)> write) {
  struct stat before = {};
  const bool exists = stat(path.c_str(), &before) == 0;
  if (exists && S_ISDIR(before.st_mode)) fail_on_file("write", path, EISDIR);
  auto created = create_beside(path);
  const FileDescriptor file(created.first);
  if (file.get() < 0) fail_on_file("write", path, errno);
  TemporaryFile temporary(std::move(created.second));

  DescriptorBuffer buffer(file.get());
  std::ostream stream(&buffer);
  write(stream);
  stream.flush();
  if (buffer.error() != 0) fail_on_file("write", path, buffer.error());
  TENON_REQUIRE(stream.good(), "cannot write '{}': the stream failed", path.string());
  if (exists && fchmod(file.get(), before.st_mode & 0777) != 0) fail_on_file("write", path, errno);
  if (fsync(file.get()) != 0) fail_on_file("write", path, errno);
  if (std::rename(temporary.name().c_str(), path.c_str()) != 0) fail_on_file("write", path, errno);
  temporary.keep();
}

}  // namespace tenon
