#include "base/mapped_file.hpp"

#include "base/aligned_buffer.hpp"
#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <ostream>
#include <string>

namespace tenon {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  const MappedFile file(path);
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

std::string error_of(const fs::path& path) {
  try {
    const MappedFile file(path);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

std::size_t entries_in(const fs::path& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
  return count;
}

TEST(MappedFile, ShowsTheBytesAndOutlivesItsName) {
  const test::TempDir dir;
  std::ofstream(dir / "a.bin") << "hello";
  const auto file = MappedFile::open(dir / "a.bin");
  fs::remove(dir / "a.bin");
  file->advise(MappedFile::Access::will_need, 2);
  file->advise(MappedFile::Access::random, 100);
  EXPECT_EQ(file->size(), 5u);
  EXPECT_EQ(std::memcmp(file->data(), "hello", 5), 0);
}

TEST(MappedFile, AnEmptyFileHasNoBytes) {
  const test::TempDir dir;
  std::ofstream(dir / "empty").flush();
  const MappedFile file(dir / "empty");
  EXPECT_TRUE(file.bytes().empty());
  file.advise(MappedFile::Access::sequential);
}

TEST(MappedFile, ErrorsNameThePath) {
  const test::TempDir dir;
  const std::string missing = (dir / "missing").string();
  EXPECT_EQ(error_of(missing), "cannot open '" + missing + "': No such file or directory");
  EXPECT_EQ(error_of(dir.path()), "cannot read '" + dir.path().string() + "': Is a directory");
  EXPECT_EQ(error_of("/dev/null"), "cannot read '/dev/null': not a regular file");
  const std::string pipe = (dir / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(error_of(pipe), "cannot read '" + pipe + "': not a regular file");
}

TEST(WriteFileAtomically, ReplacesTheWholeFileAndKeepsItsMode) {
  const test::TempDir dir;
  const fs::path path = dir / "plan";
  write_file_atomically(path, [](std::ostream& out) { out << "first, and longer"; });
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  write_file_atomically(path, [](std::ostream& out) { out << "second"; });
  EXPECT_EQ(text_of(path), "second");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(entries_in(dir.path()), 1u);
}

TEST(WriteFileAtomically, WritesMoreThanTheBufferAndTellsThePosition) {
  const test::TempDir dir;
  const fs::path path = dir / "big";
  std::string expected;
  write_file_atomically(path, [&](std::ostream& out) {
    for (int i = 0; i < 3000; ++i) {
      const std::string piece(static_cast<std::size_t>(i % 97), static_cast<char>('a' + i % 26));
      expected += piece;
      out << piece;
      out.put('\n');
      expected += '\n';
      ASSERT_EQ(static_cast<std::size_t>(out.tellp()), expected.size());
    }
    const std::string block(200000, 'z');
    out.write(block.data(), static_cast<std::streamsize>(block.size()));
    expected += block;
  });
  EXPECT_EQ(text_of(path), expected);
}

TEST(WriteFileAtomically, LeavesTheOldFileWhenWritingFails) {
  const test::TempDir dir;
  const fs::path path = dir / "plan";
  write_file_atomically(path, [](std::ostream& out) { out << "old"; });
  EXPECT_THROW(write_file_atomically(path,
                                     [](std::ostream& out) {
                                       out << "half";
                                       throw InternalError("stop");
                                     }),
               InternalError);
  EXPECT_THROW(write_file_atomically(path, [](std::ostream& out) { out.setstate(std::ios::failbit); }),
               ModelError);
  EXPECT_EQ(text_of(path), "old");
  EXPECT_EQ(entries_in(dir.path()), 1u);
}

TEST(WriteFileAtomically, RefusesWhatCannotBeAFile) {
  const test::TempDir dir;
  const auto nothing = [](std::ostream&) { FAIL() << "must not be called"; };
  EXPECT_THROW(write_file_atomically(dir.path(), nothing), ModelError);
  EXPECT_THROW(write_file_atomically(dir / "no/such/folder/file", nothing), ModelError);
  EXPECT_EQ(entries_in(dir.path()), 0u);
}

TEST(AlignedBuffer, IsAlignedOwnedAndEmptyAfterMoving) {
  for (const std::size_t size : {1u, 63u, 64u, 1000u}) {
    AlignedBuffer buffer(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % AlignedBuffer::kAlignment, 0u);
    buffer.fill_zero();
    for (const std::byte byte : buffer.bytes()) EXPECT_EQ(byte, std::byte{0});
    const AlignedBuffer moved = std::move(buffer);
    EXPECT_EQ(moved.size(), size);
    EXPECT_TRUE(buffer.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  }
  AlignedBuffer none;
  none.fill_zero();
  EXPECT_EQ(none.data(), nullptr);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
TEST(AlignedBuffer, TooMuchIsADeviceError) {
  EXPECT_THROW(AlignedBuffer(std::numeric_limits<std::size_t>::max() / 2), DeviceError);
}
#endif

}  // namespace
}  // namespace tenon
