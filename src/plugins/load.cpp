// Shared libraries of plugins. A library is never closed: its code and its plugins stay in use.
#include "base/check.hpp"

#include <tenon/plugin.hpp>

#include <dlfcn.h>

#include <map>
#include <mutex>

namespace tenon {
namespace {

// dlerror() names the file in most cases but not in all.
std::string loader_error() {
  const char* text = dlerror();  // NOLINT(concurrency-mt-unsafe): per thread in glibc
  return text == nullptr ? "unknown error" : text;
}

// The pointer comes from another binary, whose type information the sanitizer cannot compare.
#if defined(__clang__)
[[clang::no_sanitize("function")]]
#endif
const TenonPluginLibrary*
call_entry(void* symbol) {
  return reinterpret_cast<TenonPluginEntry>(symbol)();
}

#if defined(__clang__)
[[clang::no_sanitize("function")]]
#endif
int call_plugins(const TenonPluginLibrary& library, void* receiver, void (*add)(void*, void*)) {
  return library.plugins(receiver, add);
}

const TenonPluginLibrary& open_library(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::path file = std::filesystem::canonical(path, error);
  TENON_REQUIRE(!error, "cannot read '{}': {}", path.string(), error.message());
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  TENON_REQUIRE(handle != nullptr, "'{}' cannot be loaded: {}", path.string(), loader_error());
  void* entry = dlsym(handle, kTenonPluginEntry);
  TENON_REQUIRE(entry != nullptr, "'{}' is no library of plugins: it has no function {}()", path.string(),
                kTenonPluginEntry);
  const TenonPluginLibrary* library = call_entry(entry);
  TENON_REQUIRE(library != nullptr, "'{}': {}() gives nothing", path.string(), kTenonPluginEntry);
  TENON_REQUIRE(
      library->abi == kPluginAbi && library->size >= sizeof(TenonPluginLibrary),
      "'{}' was built for version {} of the plugin interface, this program has version {}: build it again",
      path.string(), library->abi, kPluginAbi);
  TENON_REQUIRE(std::string_view(library->toolchain) == kPluginToolchain,
                "'{}' was built with {}, this program with {}: their classes differ", path.string(),
                library->toolchain, kPluginToolchain);
  return *library;
}

}  // namespace

std::vector<PluginName> load_plugins(const std::filesystem::path& library) {
  static std::mutex mutex;
  static std::map<const TenonPluginLibrary*, std::vector<PluginName>> loaded;
  const std::lock_guard lock(mutex);
  const TenonPluginLibrary& table = open_library(library);
  if (const auto known = loaded.find(&table); known != loaded.end()) return known->second;
  std::vector<std::shared_ptr<const Plugin>> plugins;
  const auto add = [](void* receiver, void* plugin) {
    static_cast<std::vector<std::shared_ptr<const Plugin>>*>(receiver)->emplace_back(
        static_cast<Plugin*>(plugin));
  };
  TENON_REQUIRE(call_plugins(table, &plugins, add) == 0, "'{}' cannot make its plugins", library.string());
  TENON_REQUIRE(!plugins.empty(), "'{}' has no plugins", library.string());
  std::vector<PluginName> names;
  for (auto& plugin : plugins) {
    names.push_back(plugin->name());
    register_plugin(std::move(plugin));
  }
  return loaded[&table] = std::move(names);
}

}  // namespace tenon
