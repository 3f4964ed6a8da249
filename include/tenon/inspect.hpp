// What files are, and what this build of Tenon consists of.
#pragma once

#include <tenon/builder.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tenon {

// Version of the library, "0.1.0".
std::string version();

enum class FileKind : std::uint8_t { engine, image, npy, npz, model };

// Judged by the first bytes; a model is everything else that is not empty. ModelError when the file is empty
// or cannot be read.
FileKind file_kind(const std::filesystem::path& path);

// Reads the whole engine file and recomputes every checksum, those of the weights included, which loading
// leaves out. ModelError naming what is damaged.
void check_engine_file(const std::filesystem::path& path);

// How often each operator occurs, nested regions included, by name.
std::map<std::string, std::size_t> op_counts(const Network& network);

// The network before the pass that failed, from a file that BuildOptions::reproducer named; sets the
// pipeline, the rule order and the number of rewrites in `options` to what repeats the failure. ModelError
// when the file is no reproducer.
Network load_reproducer(const std::filesystem::path& path, BuildOptions& options);

// A table: rows have as many cells as there are columns.
struct Listing {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
};

Listing list_ops();      // operators of the IR: attributes, whether the reference backend has them, tactics
Listing list_passes();   // in the order of the default pipeline, then the others
Listing list_tactics();  // of every backend that is linked in
Listing list_kernels();  // compiled CPU kernels, with the instruction set level of each
Listing list_formats();  // of models
Listing list_onnx();     // operators of ONNX that are imported, with their opset versions
Listing list_knobs();    // settings from the environment

}  // namespace tenon
