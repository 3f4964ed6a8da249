// The real networks of the corpus, with inputs and the answers that they must give.
#pragma once

#include <tenon/import.hpp>
#include <tenon/tensor.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tenon::test {

using NamedTensors = std::map<std::string, Tensor>;

struct Network {
  // Files of one input with its answers, by the names of the network's inputs and outputs.
  struct Case {
    std::map<std::string, std::filesystem::path> inputs;
    std::map<std::string, std::filesystem::path> outputs;
  };
  std::string name;
  std::filesystem::path model;
  ImportOptions importing;
  double relative = 0;  // a result passes where |found - expected| <= absolute + relative * |expected|
  double absolute = 0;
  std::vector<Case> cases;
};

// Those in a format that is read, by name; none without the corpus.
std::vector<Network> networks();

// The names in models/<file>, one per line; "#" starts a comment.
std::vector<std::string> names_in(const std::string& file);

NamedTensors read_tensors(const std::map<std::string, std::filesystem::path>& files);

// Empty when `found` holds everything expected, else the first difference.
std::string difference(const Network& network, const NamedTensors& found, const NamedTensors& expected);

}  // namespace tenon::test
