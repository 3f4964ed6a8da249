# Third-party packages, all from the distribution. Whatever is header-only is reached through one include
# directory in the build tree that holds links to exactly those headers, so a cross build never sees the rest
# of the host's /usr/include.

find_package(Threads REQUIRED)

set(TENON_HOST_INCLUDE /usr/include CACHE PATH "Where the distribution keeps the header-only dependencies")
set(_links ${PROJECT_BINARY_DIR}/third_party/include)
file(MAKE_DIRECTORY ${_links})
foreach(_name fmt protozero CLI nlohmann stb xxhash.h)
  if(NOT EXISTS ${TENON_HOST_INCLUDE}/${_name})
    message(FATAL_ERROR "${TENON_HOST_INCLUDE}/${_name} is missing: run scripts/setup.sh")
  endif()
  if(NOT EXISTS ${_links}/${_name})
    file(CREATE_LINK ${TENON_HOST_INCLUDE}/${_name} ${_links}/${_name} SYMBOLIC)
  endif()
endforeach()

add_library(tenon_third_party INTERFACE)
target_include_directories(tenon_third_party SYSTEM INTERFACE ${_links})

if(CMAKE_CROSSCOMPILING)
  add_library(fmt::fmt INTERFACE IMPORTED GLOBAL)
  target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY=1)
  target_link_libraries(fmt::fmt INTERFACE tenon_third_party)
else()
  find_package(fmt REQUIRED)
endif()

if(TENON_TESTS)
  # A sanitizer wants GoogleTest instrumented, and a cross build has no library of the target's kind.
  if(CMAKE_CROSSCOMPILING OR TENON_SANITIZE)
    set(INSTALL_GTEST OFF)
    set(BUILD_GMOCK OFF)
    set(_unity ${CMAKE_UNITY_BUILD})
    set(CMAKE_UNITY_BUILD OFF)
    add_subdirectory(/usr/src/googletest ${PROJECT_BINARY_DIR}/third_party/googletest EXCLUDE_FROM_ALL SYSTEM)
    set(CMAKE_UNITY_BUILD ${_unity})
    if(NOT TARGET GTest::gtest)
      add_library(GTest::gtest ALIAS gtest)
      add_library(GTest::gtest_main ALIAS gtest_main)
    endif()
  else()
    find_package(GTest REQUIRED)
  endif()
endif()

if(NOT CMAKE_CROSSCOMPILING AND NOT TENON_SANITIZE)
  find_package(benchmark QUIET)
endif()

# tenon_link_optional(<target> NAME <name> LIBRARY <library> HEADER <header>): links the library where the distribution has
# it, with the macro TENON_WITH_<NAME>, and sets the variable of that name. Without it, and in a cross build, the target has
# to do without.
function(tenon_link_optional target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NAME;LIBRARY;HEADER" "SUFFIXES")
  set(TENON_WITH_${arg_NAME} FALSE PARENT_SCOPE)
  if(CMAKE_CROSSCOMPILING OR NOT TENON_OPTIONAL_LIBRARIES)
    return()
  endif()
  find_path(TENON_${arg_NAME}_INCLUDE ${arg_HEADER} PATH_SUFFIXES ${arg_SUFFIXES})
  find_library(TENON_${arg_NAME}_LIBRARY ${arg_LIBRARY})
  mark_as_advanced(TENON_${arg_NAME}_INCLUDE TENON_${arg_NAME}_LIBRARY)
  if(NOT TENON_${arg_NAME}_INCLUDE OR NOT TENON_${arg_NAME}_LIBRARY)
    message(STATUS "No ${arg_LIBRARY}: what needs it is refused")
    return()
  endif()
  target_include_directories(${target} SYSTEM PRIVATE ${TENON_${arg_NAME}_INCLUDE})
  target_link_libraries(${target} PRIVATE ${TENON_${arg_NAME}_LIBRARY})
  target_compile_definitions(${target} PRIVATE TENON_WITH_${arg_NAME}=1)
  set(TENON_WITH_${arg_NAME} TRUE PARENT_SCOPE)
endfunction()
