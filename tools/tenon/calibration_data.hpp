// What calibration and evaluation run on: folders, lists, pictures and arrays, a batch at a time.
//
// A source is [NAME=]PATH:
//   a folder     its pictures, .npy and .npz files, by name
//   a list     a text file with a path a line, relative to the list; a number behind it is the label
//   a picture  one sample of the network's only input
//   x.npy      samples along the first axis, of input NAME or the only one
//   x.npz      the same for several inputs, its arrays named as they are; integers named "labels", which no
//              input is, are labels
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
  // `cache`: the calibration cache to read and write; empty: none. `option`: which the sources came with, for
  // messages. ModelError for sources without samples.
  CalibrationData(const std::vector<std::string>& sources, const InputArguments& pictures,
                  std::vector<TensorInfo> inputs, std::int64_t batch, std::filesystem::path cache,
                  std::string option = "--calib");

  std::int64_t batch_size() const override { return batch_; }
  std::optional<std::map<std::string, Tensor>> next_batch() override;
  bool skip_batch() override;
  std::uint64_t batch_count() const override;
  std::optional<std::string> read_cache() override;
  void write_cache(std::string_view text) override;

  // Of the samples of the last batch; empty where none has one. ModelError where only some do.
  std::vector<std::int64_t> labels() const;
  // The first batch comes again.
  void rewind();

  // Pictures at the end that do not fill a batch of a network whose batch is fixed.
  std::size_t left_out() const noexcept { return left_out_; }

 private:
  struct Item {
    bool picture = false;
    std::optional<std::int64_t> label;
    std::map<std::string, std::filesystem::path> files;  // of each input; "" : a .npz, or a picture
  };

  void add_source(const std::string& source, std::map<std::string, std::filesystem::path>& named);
  void add_file(const std::filesystem::path& path, const std::string& from,
                std::optional<std::int64_t> label = std::nullopt);
  void add_list(const std::filesystem::path& path);
  bool batch_is_fixed() const;
  std::size_t pictures_here() const;  // that make up the next batch; 0: none
  std::map<std::string, Tensor> picture_batch(std::size_t count);
  void open_arrays(const Item& item);
  std::int64_t rows_here();           // that make up the next batch, of the arrays that are open; 0: none
  const Tensor* label_array() const;  // of the arrays that are open
  void take_labels(std::int64_t rows);
  const TensorInfo& only_input(const std::string& file) const;

  const InputArguments& pictures_;
  std::vector<TensorInfo> inputs_;
  std::int64_t batch_;
  std::filesystem::path cache_;
  std::string option_;
  std::vector<Item> items_;
  std::size_t next_ = 0;                  // of items_
  std::map<std::string, Tensor> arrays_;  // of the item before it
  std::int64_t row_ = 0;                  // in them
  std::size_t left_out_ = 0;
  std::vector<std::optional<std::int64_t>> labels_;  // of the last batch
};

}  // namespace tenon::tool
