// A library made for an interface that is not this program's.
#include <tenon/plugin.hpp>

extern "C" [[gnu::visibility("default")]] const tenon::TenonPluginLibrary* tenon_plugin_library() {
  static const tenon::TenonPluginLibrary library{sizeof(tenon::TenonPluginLibrary), tenon::kPluginAbi + 1,
                                                 tenon::kPluginToolchain, nullptr};
  return &library;
}
