// Tensors as .npy files, the array format of numpy.
#pragma once

#include <tenon/tensor.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace tenon {

// Any dtype that numpy has and Tensor too, of either byte order, in C or Fortran order; text becomes strings.
// ModelError says what is wrong with other files.
Tensor read_npy(const std::filesystem::path& path);
Tensor parse_npy(std::span<const std::byte> bytes);
// A read-only view of the file, mapped, where its bytes lie as those of a Tensor do; else like read_npy.
Tensor map_npy(const std::filesystem::path& path);

// In C order and little-endian; replaces the file as a whole. ModelError for a dtype that numpy does not
// have.
void write_npy(const std::filesystem::path& path, const Tensor& tensor);
std::string format_npy(const Tensor& tensor);

}  // namespace tenon
