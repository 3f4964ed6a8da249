#include "base/knobs.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>

namespace tenon {

namespace {

struct KnobRow {
  std::string_view name;
  std::string_view type;
  std::string fallback;
  std::string_view doc;
};

const std::vector<KnobRow>& knob_rows() {
#define TENON_KNOB_BOOL(name, fallback, doc) {#name, "bool", (fallback) ? "1" : "0", doc},
#define TENON_KNOB_INT(name, fallback, lowest, highest, doc) {#name, "int", std::to_string(fallback), doc},
#define TENON_KNOB_TEXT(name, fallback, doc) {#name, "text", fallback, doc},
  static const std::vector<KnobRow> rows = {
#include "base/knobs.inc"
  };
#undef TENON_KNOB_BOOL
#undef TENON_KNOB_INT
#undef TENON_KNOB_TEXT
  return rows;
}

struct Overrides {
  std::mutex mutex;
  std::map<std::string, std::string, std::less<>> values;
};

Overrides& overrides() {
  static Overrides instance;
  return instance;
}

std::string variable_of(std::string_view name) {
  std::string variable = "TENON_";
  for (const char c : name) variable += (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  return variable;
}

std::optional<std::string> override_of(std::string_view name) {
  const std::lock_guard lock(overrides().mutex);
  const auto found = overrides().values.find(name);
  if (found == overrides().values.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> text_of(std::string_view name) {
  if (auto value = override_of(name)) return value;
  const char* value = std::getenv(variable_of(name).c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

[[maybe_unused]] bool read_bool(std::string_view name, bool fallback) {
  const auto text = text_of(name);
  if (!text) return fallback;
  if (*text == "1" || *text == "on" || *text == "true") return true;
  if (*text == "0" || *text == "off" || *text == "false") return false;
  detail::fail_require(
      fmt::format("{} is '{}': expected 0, 1, on, off, true or false", variable_of(name), *text));
}

std::int64_t read_int(std::string_view name, std::int64_t fallback, std::int64_t lowest,
                      std::int64_t highest) {
  const auto text = text_of(name);
  if (!text) return fallback;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  const bool whole = error == std::errc() && end == text->data() + text->size();
  TENON_REQUIRE(whole && value >= lowest && value <= highest, "{} is '{}': expected an integer from {} to {}",
                variable_of(name), *text, lowest, highest);
  return value;
}

}  // namespace

namespace knobs {

#define TENON_KNOB_BOOL(name, fallback, doc) \
  bool name() { return read_bool(#name, fallback); }
#define TENON_KNOB_INT(name, fallback, lowest, highest, doc) \
  std::int64_t name() { return read_int(#name, fallback, lowest, highest); }
#define TENON_KNOB_TEXT(name, fallback, doc) \
  std::string name() { return text_of(#name).value_or(fallback); }
#include "base/knobs.inc"
#undef TENON_KNOB_BOOL
#undef TENON_KNOB_INT
#undef TENON_KNOB_TEXT

}  // namespace knobs

std::vector<KnobInfo> all_knobs() {
  std::vector<KnobInfo> result;
  for (const KnobRow& row : knob_rows()) {
    result.push_back({row.name, variable_of(row.name), row.type, row.fallback, text_of(row.name), row.doc});
  }
  return result;
}

void set_knob(std::string_view name, std::optional<std::string> value) {
  const auto& rows = knob_rows();
  TENON_REQUIRE(std::any_of(rows.begin(), rows.end(), [&](const KnobRow& row) { return row.name == name; }),
                "there is no knob '{}'", name);
  const std::lock_guard lock(overrides().mutex);
  if (value) {
    overrides().values.insert_or_assign(std::string(name), std::move(*value));
  } else {
    overrides().values.erase(std::string(name));
  }
}

ScopedKnob::ScopedKnob(std::string_view name, std::string value) : name_(name), before_(override_of(name)) {
  set_knob(name, std::move(value));
}

ScopedKnob::~ScopedKnob() { set_knob(name_, before_); }

}  // namespace tenon
