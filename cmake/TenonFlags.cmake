# Compiler settings that hold for every target of the tree.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(TENON_CCACHE ccache)
if(TENON_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${TENON_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TENON_CCACHE})
endif()

# Results may not depend on whether a compiler fuses a multiply with an add: where a fused form is meant, the
# source says so.
add_compile_options(-ffp-contract=off)

if(TENON_SANITIZE)
  add_compile_options(-fsanitize=${TENON_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TENON_SANITIZE})
endif()
if(TENON_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "TENON_FUZZERS needs clang, found ${CMAKE_CXX_COMPILER_ID}")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# The sanitizer presets set CMAKE_UNITY_BUILD: several .cpp files of one target become one translation unit,
# so names in anonymous namespaces (and static functions, and macros) must be unique within a folder. Kernel
# files of one ISA level and generated files stay out of it.

# Warnings for our own code, not for what we build from other sources. GCC 13 and later see writes out of bounds in
# fmt, and dangling references where a function takes a temporary and returns a reference to something else.
set(tenon_warnings -Wall -Wextra -Wpedantic -Wshadow)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  list(APPEND tenon_warnings -Wno-array-bounds -Wno-stringop-overflow -Wno-dangling-reference)
endif()
if(TENON_WERROR)
  list(APPEND tenon_warnings -Werror)
endif()
function(tenon_set_warnings target)
  target_compile_options(${target} PRIVATE ${tenon_warnings})
endfunction()
