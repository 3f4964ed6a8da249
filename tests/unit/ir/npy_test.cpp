#include "ir/npy.hpp"

#include "support/paths.hpp"

#include <tenon/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tenon {
namespace {

// A file of version 1 with this header and data.
std::string npy(const std::string& header, const std::string& data, char version = 1) {
  std::string file = "\x93NUMPY";
  file += version;
  file += '\0';
  file += static_cast<char>(header.size() & 0xFFU);
  file += static_cast<char>(header.size() >> 8);
  if (version > 1) file += std::string(2, '\0');
  return file + header + data;
}

std::span<const std::byte> bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string header(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

std::string error_of(const std::string& file) {
  try {
    parse_npy(bytes(file));
    return {};
  } catch (const ModelError& error) {
    return error.what();
  }
}

template <class T>
std::vector<T> values(const Tensor& tensor) {
  const auto span = tensor.values<T>();
  return {span.begin(), span.end()};
}

TEST(Npy, WritesWhatItReads) {
  const test::TempDir directory;
  const auto path = directory / "t.npy";
  for (int code = 0; code < kDataTypeCount; ++code) {
    const auto dtype = static_cast<DataType>(code);
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{2, 0}}) {
      Tensor tensor(dtype, shape);
      if (dtype == DataType::string) {
        for (std::string& text : tensor.mutable_values<std::string>()) text = "a\xC3\xA9\xF0\x9F\x98\x80";
      } else if (dtype != DataType::boolean) {
        for (std::size_t i = 0; i < tensor.size_bytes(); ++i) tensor.mutable_data()[i] = std::byte(i + 1);
      }
      try {
        write_npy(path, tensor);
      } catch (const ModelError& error) {
        EXPECT_NE(std::string(error.what()).find("numpy has no type for"), std::string::npos);
        continue;
      }
      const Tensor read = read_npy(path);
      const Tensor mapped = map_npy(path);
      EXPECT_TRUE(dtype == DataType::string || mapped.identical(read)) << name(dtype);
      if (dtype == DataType::string) {
        EXPECT_EQ(read.shape(), shape);
        EXPECT_EQ(values<std::string>(read), values<std::string>(tensor));
      } else {
        EXPECT_TRUE(read.identical(tensor)) << name(dtype);
      }
    }
  }
}

TEST(Npy, StartsTheDataAtAMultipleOf64) {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{1, 2, 3, 4, 5}}) {
    const Tensor tensor(DataType::f32, shape);
    EXPECT_EQ((format_npy(tensor).size() - tensor.size_bytes()) % 64, 0U);
  }
}

TEST(Npy, ReadsFortranOrderAndBigEndian) {
  const std::string data = {0, 1, 0, 3, 0, 2, 0, 4, 0, 5, 0, 6};
  const Tensor tensor = parse_npy(bytes(npy(header(">i2", "(2, 3)", "True"), data)));
  EXPECT_EQ(tensor.shape(), (Shape{2, 3}));
  EXPECT_EQ(values<std::int16_t>(tensor), (std::vector<std::int16_t>{1, 2, 5, 3, 4, 6}));
}

TEST(Npy, ReadsLaterVersionsAndText) {
  EXPECT_EQ(values<std::uint8_t>(parse_npy(bytes(npy(header("|u1", "(2,)"), "ab", 2)))),
            (std::vector<std::uint8_t>{'a', 'b'}));
  EXPECT_EQ(values<std::string>(parse_npy(bytes(npy(header("|S3", "(2,)"), std::string("abcd\0\0", 6))))),
            (std::vector<std::string>{"abc", "d"}));
  EXPECT_EQ(values<bool>(parse_npy(bytes(npy(header("|b1", "(2,)"), std::string("\0\x07", 2))))),
            (std::vector<bool>{false, true}));
}

TEST(Npy, RefusesBrokenFiles) {
  const std::string good = npy(header("<f4", "(2,)"), std::string(8, '\0'));
  EXPECT_EQ(error_of(good), "");
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(error_of(good.substr(0, size)), "") << size;
  EXPECT_NE(error_of(npy(header("<f4", "(3,)"), std::string(8, '\0'))), "");
  EXPECT_NE(error_of(npy(header("<f4", "(-1,)"), "")), "");
  EXPECT_NE(error_of(npy(header("<f4", "(4611686018427387904, 4611686018427387904)"), "")), "");
  EXPECT_NE(error_of(npy(header("<f4", "(99999999999999999999,)"), "")), "");
  EXPECT_NE(error_of(npy(header("<M8[ns]", "(1,)"), std::string(8, '\0'))), "");
  EXPECT_NE(error_of(npy(header("<U99999999999", "(1,)"), "")), "");
  EXPECT_NE(error_of(npy(header("<U99999999999", "(0,)"), "abcd")), "");
  EXPECT_NE(error_of(npy(header("<U1", "(1,)"), std::string(4, '\xFF'))), "");
  EXPECT_NE(error_of(npy(header("|O", "(1,)"), std::string(8, '\0'))), "");
  EXPECT_NE(error_of(npy("{'descr': '<f4'}", "")), "");
  EXPECT_NE(error_of(npy(header("<f4", "(2,)"), std::string(8, '\0'), 9)), "");
}

}  // namespace
}  // namespace tenon
