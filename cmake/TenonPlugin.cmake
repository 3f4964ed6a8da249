# tenon_add_plugin(pillar_scatter SOURCES pillar_scatter.cpp ...): a shared library of plugins, for load_plugins() and
# --plugin. Of Tenon it holds the few functions that it calls, hidden from everybody else.
function(tenon_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES")
  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE Tenon::runtime)
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(NOT APPLE)
    target_link_options(${name} PRIVATE LINKER:--exclude-libs,ALL)
  endif()
endfunction()
