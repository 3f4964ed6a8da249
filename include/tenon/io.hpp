// Tensors in files, and tensors made up.
#pragma once

#include <tenon/tensor.hpp>

#include <cstdint>
#include <filesystem>

namespace tenon {

// .npy files as numpy writes them: any dtype that both sides have, either byte order, C or Fortran order.
// ModelError that names the file and says what is wrong with it.
Tensor load_npy(const std::filesystem::path& path);

// C order, little-endian; replaces the file as a whole. ModelError for a dtype that numpy does not have, and
// when the file system refuses.
void save_npy(const Tensor& tensor, const std::filesystem::path& path);

// The same content for the same seed everywhere: floats uniform in [-1, 1), integers and bools 0 or 1,
// strings empty.
Tensor random_tensor(DataType dtype, const Shape& shape, std::uint64_t seed);

}  // namespace tenon
