// What an importer is told beyond the model file: options that several formats share.
#pragma once

#include <tenon/tensor.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tenon {

// How the caller's image lies in memory: channels before or behind the rows and columns, or a plain matrix.
enum class ImageOrder : std::uint8_t { nchw, nhwc, nc };

// A format that has no use for an option refuses it.
struct ImportOptions {
  std::filesystem::path weights;  // of formats that keep them in a file of their own; empty: none
  std::optional<std::uint64_t> random_weights;  // seed: weights are drawn, for measuring without a training
  std::filesystem::path mean;                   // a mean image, subtracted from the input inside the network
  std::vector<std::string> inputs;   // values that become inputs, by source name; empty: the model's
  std::vector<std::string> outputs;  // values that are given out, by source name; empty: the model's
  // By name of the input; replaces what the model declares. -1: a dim that stays open until the build.
  std::map<std::string, Shape> input_shapes;
  // By name of the input, where the format leaves it to the caller (UFF).
  std::map<std::string, ImageOrder> input_orders;
};

}  // namespace tenon
