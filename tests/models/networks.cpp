#include "models/networks.hpp"

#include "importers/format.hpp"
#include "ir/npy.hpp"
#include "support/paths.hpp"

#include <tenon/builder.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <string>

namespace tenon::test {
namespace {

namespace fs = std::filesystem;

// The weights beside the prototxt, and the shapes of the inputs at hand in place of its own.
void add_caffe_options(const nlohmann::json& manifest, const fs::path& folder, Network& network) {
  network.importing.weights = folder / manifest.at("weights").get<std::string>();
  const auto inputs = tenon::Network::load(network.model, network.importing).inputs();
  for (Network::Case& one : network.cases) {
    // The answers of a network with one input may have been taken under another name.
    if (inputs.size() == 1 && one.inputs.size() == 1)
      one.inputs = {{inputs[0].name, one.inputs.begin()->second}};
  }
  for (const auto& [name, tensor] : read_tensors(network.cases.at(0).inputs))
    network.importing.input_shapes[name] = tensor.shape();
}

Network read_network(const fs::path& folder) {
  const auto manifest = nlohmann::json::parse(std::ifstream(folder / "manifest.json"));
  Network network;
  network.name = folder.filename().string();
  network.model = folder / manifest.at("model").get<std::string>();
  network.relative = manifest.at("rtol");
  network.absolute = manifest.at("atol");
  for (const auto& entry : manifest.at("cases")) {
    Network::Case& one = network.cases.emplace_back();
    for (const auto& [name, file] : entry.at("inputs").items())
      one.inputs[name] = folder / file.get<std::string>();
    for (const auto& [name, file] : entry.at("outputs").items()) {
      one.outputs[name] = folder / file.get<std::string>();
    }
  }
  if (network.model.extension() == ".prototxt") add_caffe_options(manifest, folder, network);
  return network;
}

// Where the files leave a name empty, the network has one input or output, which is meant.
void fill_in_names(Network& network) {
  const Graph graph = import_model(network.model, network.importing);
  const auto fill = [](std::map<std::string, fs::path>& files, const std::string& name) {
    if (auto file = files.extract(""); !file.empty()) files.emplace(name, file.mapped());
  };
  for (Network::Case& one : network.cases) {
    fill(one.inputs, graph.value(graph.inputs()[0]).name);
    fill(one.outputs, graph.output_names()[0]);
  }
}

// The same network in another format, "tf_lenet5_uff".
Network in_other_format(Network network, const fs::path& model) {
  network.model = model;
  network.name += "_" + model.extension().string().substr(1);
  fill_in_names(network);
  return network;
}

double element(const Tensor& tensor, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  switch (tensor.dtype()) {
    case DataType::f32: return tensor.values<float>()[at];
    case DataType::f64: return tensor.values<double>()[at];
    case DataType::i64: return static_cast<double>(tensor.values<std::int64_t>()[at]);
    case DataType::i32: return tensor.values<std::int32_t>()[at];
    default: throw std::runtime_error(fmt::format("answers of type {}", name(tensor.dtype())));
  }
}

}  // namespace

std::vector<Network> networks() {
  std::vector<Network> all;
  if (corpus_path().empty()) return all;
  for (const auto& entry : fs::directory_iterator(corpus_path())) {
    if (!fs::exists(entry.path() / "manifest.json")) continue;
    Network network = read_network(entry.path());
    const auto manifest = nlohmann::json::parse(std::ifstream(entry.path() / "manifest.json"));
    if (manifest.contains("also"))
      all.push_back(in_other_format(network, entry.path() / manifest["also"].get<std::string>()));
    if (network.model.extension() == ".pb") fill_in_names(network);
    static const std::set<std::string> kExtensions = {".onnx", ".pb", ".prototxt"};
    if (kExtensions.contains(network.model.extension().string())) all.push_back(std::move(network));
  }
  std::sort(all.begin(), all.end(), [](const Network& a, const Network& b) { return a.name < b.name; });
  return all;
}

std::vector<std::string> names_in(const std::string& file) {
  std::vector<std::string> names;
  std::ifstream stream(test_path("models/" + file));
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty() && line[0] != '#') names.push_back(line);
  }
  return names;
}

NamedTensors read_tensors(const std::map<std::string, fs::path>& files) {
  NamedTensors tensors;
  for (const auto& [name, path] : files) tensors.emplace(name, read_npy(path));
  return tensors;
}

std::string difference(const Network& network, const NamedTensors& found, const NamedTensors& expected) {
  for (const auto& [name, answer] : expected) {
    const auto output = found.find(name);
    if (output == found.end()) return fmt::format("there is no output '{}'", name);
    const Tensor& tensor = output->second;
    if (tensor.shape() != answer.shape() || tensor.dtype() != answer.dtype()) {
      return fmt::format("'{}' is {}[{}], expected {}[{}]", name, tenon::name(tensor.dtype()),
                         fmt::join(tensor.shape(), ","), tenon::name(answer.dtype()),
                         fmt::join(answer.shape(), ","));
    }
    for (std::int64_t i = 0; i < tensor.elements(); ++i) {
      const double a = element(tensor, i);
      const double b = element(answer, i);
      if (!(std::abs(a - b) <= network.absolute + network.relative * std::abs(b))) {
        return fmt::format("element {} of '{}' is {}, expected {}", i, name, a, b);
      }
    }
  }
  return {};
}

}  // namespace tenon::test
