// Runs ONNX models through Tenon for the differential test: many models in one process, told line by line.
//
// A line on standard input is a folder with model.onnx, shapes.txt (for inputs with symbolic dims
// name, rank, and the numbers of the least, the best and the largest shape) and RUN_INPUT.npy, "0_x.npy" for
// input x of run 0. For each way of running it (reference, raw, optimized) the outputs are written beside
// them ("raw_0_y.npy"), and a line is printed: "WAY ok" or "WAY error MESSAGE". Then the model is written
// back as ONNX, as imported and optimized ("written.onnx", "written_optimized.onnx"), with a line for each.
// The last line is "done".
#include <tenon/builder.hpp>
#include <tenon/error.hpp>
#include <tenon/io.hpp>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <string>

namespace {

namespace fs = std::filesystem;

struct Way {
  std::string name;
  tenon::Device device;
  bool optimize;
};

void report(const std::string& way, const std::string& problem) {
  std::string line = problem;
  std::replace(line.begin(), line.end(), '\n', ' ');
  std::cout << way << (problem.empty() ? " ok" : " error " + line) << std::endl;
}

template <class F>
void attempt(const std::string& way, F&& run) {
  try {
    run();
    report(way, {});
  } catch (const std::exception& error) {
    report(way, error.what());
  }
}

std::map<std::string, tenon::ShapeRange> read_shapes(const fs::path& path) {
  std::map<std::string, tenon::ShapeRange> shapes;
  std::ifstream file(path);
  for (std::string name; file >> name;) {
    std::size_t rank = 0;
    file >> rank;
    tenon::ShapeRange& range = shapes[name];
    for (tenon::Shape* shape : {&range.min, &range.opt, &range.max}) {
      shape->resize(rank);
      for (std::int64_t& size : *shape) file >> size;
    }
  }
  return shapes;
}

void run_engine(const tenon::Engine& engine, const fs::path& folder, const std::string& way) {
  tenon::Context context = engine.create_context();
  for (int run = 0; fs::exists(folder / (std::to_string(run) + ".run")); ++run) {
    const std::string prefix = std::to_string(run) + "_";
    for (const tenon::TensorInfo& input : engine.inputs()) {
      const tenon::Tensor tensor = tenon::load_npy(folder / (prefix + input.name + ".npy"));
      context.set_input(input.name, tensor);
    }
    context.run();
    for (const tenon::TensorInfo& output : engine.outputs())
      tenon::save_npy(context.output(output.name), folder / (way + "_" + prefix + output.name + ".npy"));
  }
}

void run_case(const fs::path& folder) {
  tenon::BuildOptions options;
  options.threads = 1;
  options.measure = false;
  std::optional<tenon::Network> network;
  attempt("load", [&] {
    options.shapes = read_shapes(folder / "shapes.txt");
    network = tenon::Network::load(folder / "model.onnx");
  });
  if (!network) return;
  const Way ways[] = {{"reference", tenon::Device::reference, false},
                      {"raw", tenon::Device::cpu, false},
                      {"optimized", tenon::Device::cpu, true}};
  for (const Way& way : ways) {
    attempt(way.name, [&] {
      options.device = way.device;
      options.optimize = way.optimize;
      run_engine(tenon::build(*network, options), folder, way.name);
    });
  }
  attempt("written", [&] { network->save_onnx(folder / "written.onnx"); });
  attempt("written_optimized",
          [&] { tenon::optimize(*network, options).save_onnx(folder / "written_optimized.onnx"); });
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    run_case(line);
    std::cout << "done" << std::endl;
  }
}
