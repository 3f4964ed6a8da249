#include "program.hpp"

#include <tenon/error.hpp>
#include <tenon/plugin.hpp>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace tenon::tool {

CLI::App& Program::add(const std::string& name, const std::string& description, std::function<int()> run) {
  CLI::App* command = app_.add_subcommand(name, description);
  command
      ->add_option("--plugin", plugins_,
                   "A shared library of plugins to load, for operators that it brings; may be repeated")
      ->allow_extra_args(false);
  command->callback([this, run = std::move(run)] { chosen_ = run; });
  return *command;
}

int Program::run() const {
  for (const std::string& library : plugins_) load_plugins(library);
  return chosen_();
}

namespace {

// Length of the UTF-8 character that begins at `at`, 0 when none does.
std::size_t utf8_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(at);
  const std::size_t length = first < 0x80                    ? 1
                             : first >= 0xC2 && first < 0xE0 ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return 0;
  }
  return length;
}

}  // namespace

std::string printable(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (length == 0 || (byte < 0x20 && byte != '\n') || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
      ++i;
    } else {
      out.append(text, i, length);
      i += length;
    }
  }
  return out;
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw ModelError("cannot write to standard output");
  }
}

void print_json(const nlohmann::ordered_json& json) {
  // Names in models need not be UTF-8.
  print(json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace tenon::tool
