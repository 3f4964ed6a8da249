// What a network is fed: .npy files, pictures, or random tensors.
#pragma once

#include "arguments.hpp"

#include <tenon/image.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace tenon::tool {

struct InputArguments {
  std::vector<std::string> files;  // [NAME=]FILE
  std::string image_size;
  std::string crop;
  std::vector<std::string> mean;
  std::vector<std::string> std;
  std::string scale;
  std::string layout;
  std::string color;
  bool letterbox = false;

  void add_to(CLI::App& app);
  void add_pictures(CLI::App& app);  // all but --input

  // How the model is imported: --mean with a file in place of numbers is the model's mean image.
  ImportOptions import_options(const ModelArguments& model) const;

  // The named inputs, checked for dtype and rank. ModelError for unknown names, names given twice, and a file
  // without a name where there are several inputs.
  std::map<std::string, Tensor> read(const std::vector<TensorInfo>& infos) const;

  // A picture as the input takes it.
  Tensor read_picture(const TensorInfo& info, const std::filesystem::path& file) const;

 private:
  bool mean_is_file() const;
  ImageOptions image_options(const TensorInfo& info) const;
};

// open_engine() and what `inputs` gives it. Symbolic dims of a model take the shapes of its inputs where no
// --shapes names them.
Engine open_engine(const std::filesystem::path& path, const ModelArguments& model,
                   const BuildArguments& arguments, const InputArguments& inputs, BuildOptions options,
                   ProgressBar& bar, std::map<std::string, Tensor>& tensors);

// Splits at the last '='; a text without one is a file without a name.
std::pair<std::string, std::string> split_input(const std::string& text);

}  // namespace tenon::tool
