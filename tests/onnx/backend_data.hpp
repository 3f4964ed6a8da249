// The data files of the official backend tests, and how results compare with them.
#pragma once

#include "ir/data.hpp"

#include <filesystem>
#include <string>

namespace tenon::test {

// A file with a TensorProto, SequenceProto or OptionalProto, whichever `type` says.
Data read_backend_data(const std::filesystem::path& path, const Type& type);

// Empty when `found` is `expected` within rounding of its dtype, else what differs.
std::string difference(const Data& found, const Data& expected);

}  // namespace tenon::test
