# Builds the tests labelled threads, and what they need.
add_custom_target(tenon_threaded_tests)

# tenon_add_test(NAME tenon_ir_tests SOURCES a_test.cpp ... LIBS tenon_ir ... [LABELS fast|slow ...] [TIMEOUT
# s])
#
# One GoogleTest binary and one ctest entry for it, labelled fast unless LABELS says otherwise, and with the
# name of its folder (ctest -L base). The label threads marks what the thread sanitizer has to see; base and
# runtime have it without saying. Includes are relative to tests/ ("support/paths.hpp", which also says where
# test files are).
function(tenon_add_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;TIMEOUT" "SOURCES;LIBS;LABELS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_add_test(${arg_NAME}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS fast)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
    if(slow IN_LIST arg_LABELS)
      set(arg_TIMEOUT 3600)
    endif()
  endif()
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  if(folder MATCHES "^(base|runtime)$")
    list(APPEND arg_LABELS threads)
  endif()
  add_executable(${arg_NAME} ${arg_SOURCES})
  if(threads IN_LIST arg_LABELS)
    add_dependencies(tenon_threaded_tests ${arg_NAME})
  endif()
  tenon_set_warnings(${arg_NAME})
  target_link_libraries(${arg_NAME} PRIVATE ${arg_LIBS} tenon_test_support fmt::fmt tenon_third_party
                                            GTest::gtest GTest::gtest_main)
  set_target_properties(${arg_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/tests)
  add_test(NAME ${arg_NAME} COMMAND ${arg_NAME} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${arg_NAME} PROPERTIES LABELS "${arg_LABELS};${folder}")
  tenon_set_timeout(${arg_TIMEOUT} ${arg_NAME})
endfunction()

# tenon_add_fuzzer(NAME fuzz_onnx SOURCES fuzz_onnx.cpp LIBS Tenon::tenon): a libFuzzer binary in
# <build>/bin/fuzz. Seeds, where there are any, lie in fuzz/corpus/<name>/; scripts/fuzz.sh runs all of them.
function(tenon_add_fuzzer)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME" "SOURCES;LIBS")
  add_executable(${arg_NAME} ${arg_SOURCES})
  tenon_set_warnings(${arg_NAME})
  target_link_libraries(${arg_NAME} PRIVATE ${arg_LIBS} fmt::fmt tenon_third_party)
  target_link_options(${arg_NAME} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${arg_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/fuzz)
endfunction()
