#include "tactics/timing_cache.hpp"

#include "base/check.hpp"
#include "base/context.hpp"
#include "base/cpu_info.hpp"
#include "base/mapped_file.hpp"

#include <tenon/error.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <ostream>

namespace tenon {
namespace {

constexpr std::string_view kHeader = "tenon timing cache 1";
constexpr std::string_view kMachine = "machine ";

std::string this_machine() {
  const std::string_view model = cpu_info().model();
  return model.empty() ? "unknown" : std::string(model);
}

double parse_ns(std::string_view text, std::size_t line) {
  double ns = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ns);
  TENON_REQUIRE(error == std::errc() && end == text.data() + text.size() && std::isfinite(ns) && ns > 0,
                "timing cache, line {}: expected a time in nanoseconds, found '{}'", line,
                text.substr(0, 40));
  return ns;
}

}  // namespace

TimingCache::TimingCache() : machine_(this_machine()) {}

TimingCache TimingCache::parse(std::string_view text) {
  TimingCache cache;
  Entries* entries = nullptr;
  std::size_t line_number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    if (line_number == 1) {
      TENON_REQUIRE(line == kHeader, "not a timing cache: line 1 should be \"{}\"", kHeader);
      continue;
    }
    if (line.empty()) continue;
    if (line.starts_with(kMachine)) {
      entries = &cache.machines_[std::string(line.substr(kMachine.size()))];
      continue;
    }
    TENON_REQUIRE(entries != nullptr, "timing cache, line {}: a measurement before any machine", line_number);
    const std::size_t first = line.find('\t');
    const std::size_t second = first == std::string_view::npos ? first : line.find('\t', first + 1);
    TENON_REQUIRE(second != std::string_view::npos,
                  "timing cache, line {}: expected problem, tactic and time with tabs between", line_number);
    (*entries)[{std::string(line.substr(0, first)),
                std::string(line.substr(first + 1, second - first - 1))}] =
        parse_ns(line.substr(second + 1), line_number);
  }
  TENON_REQUIRE(line_number > 0, "not a timing cache: the file is empty");
  return cache;
}

TimingCache TimingCache::load(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return {};
  return in_context(
      [&] {
        const MappedFile file(path);
        return parse({reinterpret_cast<const char*>(file.data()), file.size()});
      },
      [&] { return fmt::format("reading the timing cache '{}'", path.string()); });
}

std::string TimingCache::to_text() const {
  std::string text = fmt::format("{}\n", kHeader);
  for (const auto& [machine, entries] : machines_) {
    if (entries.empty()) continue;
    text += fmt::format("{}{}\n", kMachine, machine);
    for (const auto& [key, ns] : entries) text += fmt::format("{}\t{}\t{}\n", key.first, key.second, ns);
  }
  return text;
}

void TimingCache::save(const std::filesystem::path& path) const {
  write_file_atomically(path, [&](std::ostream& out) { out << to_text(); });
}

std::optional<double> TimingCache::find(std::string_view problem, std::string_view tactic) const {
  if (const auto machine = machines_.find(machine_); machine != machines_.end()) {
    const auto found = machine->second.find({std::string(problem), std::string(tactic)});
    if (found != machine->second.end()) {
      ++hits_;
      return found->second;
    }
  }
  ++misses_;
  return std::nullopt;
}

void TimingCache::insert(std::string_view problem, std::string_view tactic, double ns) {
  machines_[machine_][{std::string(problem), std::string(tactic)}] = ns;
}

void TimingCache::merge(const TimingCache& other) {
  for (const auto& [machine, entries] : other.machines_) {
    Entries& mine = machines_[machine];
    for (const auto& [key, ns] : entries) {
      const auto [entry, inserted] = mine.emplace(key, ns);
      if (!inserted) entry->second = std::min(entry->second, ns);
    }
  }
}

std::size_t TimingCache::size() const noexcept {
  const auto machine = machines_.find(machine_);
  return machine == machines_.end() ? 0 : machine->second.size();
}

}  // namespace tenon
