// What calibration runs on: folders, lists, pictures and arrays, a batch at a time.
//
// A source is [NAME=]PATH:
//   a folder     its pictures, .npy and .npz files, by name
//   a list       a text file with a path a line, relative to the list; a number behind it is a label and
//   ignored a picture    one sample of the network's only input x.npy        samples along the first axis, of
//   input NAME or the only one x.npz        the same for several inputs, its arrays named as they are
// Files are opened when their turn comes. Batches do not mix arrays of several files.
#pragma once

#include "inputs.hpp"

#include <tenon/calibrate.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tenon::tool {

class CalibrationData final : public Calibrator {
 public:
  // `batch`: samples in a batch; 0: the first dim of the network's inputs where that is fixed, else 1.
  // `cache`: the calibration cache to read and write; empty: none. ModelError for sources without samples.
  CalibrationData(const std::vector<std::string>& sources, const InputArguments& pictures,
                  std::vector<TensorInfo> inputs, std::int64_t batch, std::filesystem::path cache);

  std::int64_t batch_size() const override { return batch_; }
  std::optional<std::map<std::string, Tensor>> next_batch() override;
  bool skip_batch() override;
  std::uint64_t batch_count() const override;
  std::optional<std::string> read_cache() override;
  void write_cache(std::string_view text) override;

  // Pictures at the end that do not fill a batch of a network whose batch is fixed.
  std::size_t left_out() const noexcept { return left_out_; }

 private:
  struct Item {
    bool picture = false;
    std::map<std::string, std::filesystem::path> files;  // of each input; "" : a .npz, or a picture
  };

  void add_source(const std::string& source, std::map<std::string, std::filesystem::path>& named);
  void add_file(const std::filesystem::path& path, const std::string& from);
  void add_list(const std::filesystem::path& path);
  bool batch_is_fixed() const;
  std::size_t pictures_here() const;  // that make up the next batch; 0: none
  std::map<std::string, Tensor> picture_batch(std::size_t count);
  void open_arrays(const Item& item);
  std::int64_t rows_here();  // that make up the next batch, of the arrays that are open; 0: none
  const TensorInfo& only_input(const std::string& file) const;

  const InputArguments& pictures_;
  std::vector<TensorInfo> inputs_;
  std::int64_t batch_;
  std::filesystem::path cache_;
  std::vector<Item> items_;
  std::size_t next_ = 0;                  // of items_
  std::map<std::string, Tensor> arrays_;  // of the item before it
  std::int64_t row_ = 0;                  // in them
  std::size_t left_out_ = 0;
};

}  // namespace tenon::tool
