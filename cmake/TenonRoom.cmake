# A room is one folder of src/ and one static library: tenon_base, tenon_ir, tenon_backends_ref, ...

# tenon_add_room(<room> SOURCES a.cpp ... [DEPS base ir ...] [LIBS ...])
#   <room>  the folder below src/, with '/' (backends/ref); the target is tenon_ + that name with '_'
#   DEPS    rooms whose headers this room's headers include
#   LIBS    further private libraries; fmt and the header-only third-party packages are there already
function(tenon_add_room room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;LIBS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_add_room(${room}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  string(REPLACE "/" "_" name ${room})
  set(target tenon_${name})
  add_library(${target} STATIC ${arg_SOURCES})
  # Users link the umbrellas; Tenon::room_<name> exists for the export only.
  set_target_properties(${target} PROPERTIES EXPORT_NAME room_${name})
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
                                              $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                              $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PRIVATE fmt::fmt $<BUILD_INTERFACE:tenon_third_party> ${arg_LIBS})
  foreach(dep IN LISTS arg_DEPS)
    string(REPLACE "/" "_" dep ${dep})
    target_link_libraries(${target} PUBLIC tenon_${dep})
  endforeach()
  tenon_set_warnings(${target})
  install(TARGETS ${target} EXPORT TenonTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endfunction()

# Adds the subdirectories among the arguments that have a CMakeLists.txt; one that appears later triggers a
# new configure.
function(tenon_add_present)
  foreach(folder IN LISTS ARGN)
    file(GLOB present CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    if(present)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

function(tenon_add_rooms)
  list(TRANSFORM ARGN PREPEND src/)
  tenon_add_present(${ARGN})
endfunction()

# tenon_add_umbrella(<name> <rooms>...): the INTERFACE target Tenon::<name> that stands for those rooms
function(tenon_add_umbrella name)
  set(target tenon_umbrella_${name})
  add_library(${target} INTERFACE)
  add_library(Tenon::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  foreach(room IN LISTS ARGN)
    string(REPLACE "/" "_" room tenon_${room})
    if(TARGET ${room})
      target_link_libraries(${target} INTERFACE ${room})
    endif()
  endforeach()
  install(TARGETS ${target} EXPORT TenonTargets)
endfunction()
