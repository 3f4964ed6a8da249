// TimingCache: how long each tactic took on each problem. No policy inside: it neither decides nor expires.
//
// Text file, one measurement a line, so that caches can be read, compared and merged:
//     tenon timing cache 1
//     machine AMD EPYC 9R14
//     <problem key> \t <tactic>@<version>{<config>} \t <nanoseconds>
// Measurements count for the machine named above them; those of other machines are kept and written back.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tenon {

class TimingCache {
 public:
  // For the machine it runs on.
  TimingCache();
  explicit TimingCache(std::string machine) : machine_(std::move(machine)) {}

  // ModelError naming the line that does not fit. A missing file is an empty cache.
  static TimingCache load(const std::filesystem::path& path);
  static TimingCache parse(std::string_view text);
  std::string to_text() const;                         // sorted: equal caches give equal text
  void save(const std::filesystem::path& path) const;  // atomically

  std::optional<double> find(std::string_view problem, std::string_view tactic) const;
  void insert(std::string_view problem, std::string_view tactic, double ns);
  // Takes over what `other` knows and this one does not; where both know, the smaller time.
  void merge(const TimingCache& other);
  std::size_t size() const noexcept;  // of this machine

  std::size_t hits() const noexcept { return hits_; }
  std::size_t misses() const noexcept { return misses_; }

 private:
  using Entries = std::map<std::pair<std::string, std::string>, double>;
  std::string machine_;
  std::map<std::string, Entries> machines_;
  mutable std::size_t hits_ = 0, misses_ = 0;
};

}  // namespace tenon
