// Tensors in files, and tensors made up.
#pragma once

#include <tenon/tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon {

struct TensorInfo;

// .npy files as numpy writes them: any dtype that both sides have, either byte order, C or Fortran order.
// ModelError that names the file and says what is wrong with it.
Tensor load_npy(const std::filesystem::path& path);

// The same without a copy: a read-only view of the mapped file, where byte order and layout allow. The file
// must not be truncated meanwhile.
Tensor map_npy(const std::filesystem::path& path);

// The arrays of a .npz archive by name, in its order: stored or deflated, each below 2 GiB when deflated.
// ModelError likewise.
std::vector<std::pair<std::string, Tensor>> load_npz(const std::filesystem::path& path);
std::vector<std::pair<std::string, Tensor>> parse_npz(std::span<const std::byte> bytes);

// C order, little-endian; replaces the file as a whole. ModelError for a dtype that numpy does not have, and
// when the file system refuses.
void save_npy(const Tensor& tensor, const std::filesystem::path& path);

// Replaces the file as a whole. ModelError when the file system refuses.
void save_text(std::string_view text, const std::filesystem::path& path);

// The same content for the same seed everywhere: floats uniform in [-1, 1), integers and bools 0 or 1,
// strings empty.
Tensor random_tensor(DataType dtype, const Shape& shape, std::uint64_t seed);

// Something that an engine takes as this input: random_tensor() of the shape that its profile has as opt, or
// the opt values where the elements become dims.
Tensor random_input(const TensorInfo& input, std::uint64_t seed);

}  // namespace tenon
