# tenon_format_cases(TEST tenon_uff_tests VARIABLE TENON_UFF_CASES)
#
# Before that test, make_cases.py of the folder writes model files with expected values; the variable tells the test
# where. The script needs numpy: where no Python has it, the test goes without.
function(tenon_format_cases)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TEST;VARIABLE" "")
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  find_package(Python3 3.10 COMPONENTS Interpreter QUIET)
  foreach(python ${Python3_EXECUTABLE} /usr/bin/python3)
    execute_process(COMMAND ${python} -c "import numpy" RESULT_VARIABLE result OUTPUT_QUIET ERROR_QUIET)
    if(NOT result EQUAL 0)
      continue()
    endif()
    set(cases ${CMAKE_CURRENT_BINARY_DIR}/cases)
    add_test(NAME ${folder}_cases COMMAND ${python} -B ${CMAKE_CURRENT_SOURCE_DIR}/make_cases.py ${cases})
    set_tests_properties(${folder}_cases PROPERTIES LABELS "fast;${folder}" TIMEOUT 120 FIXTURES_SETUP ${folder}_cases)
    set_tests_properties(${arg_TEST} PROPERTIES FIXTURES_REQUIRED ${folder}_cases
                         ENVIRONMENT "${arg_VARIABLE}=${cases}")
    break()
  endforeach()
endfunction()

# tenon_command_test(): test_command.py of the folder, which calls the command. TENON_SANITIZED is 1 for builds whose
# memory and time say nothing: with sanitizers, or emulated.
function(tenon_command_test)
  get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR} NAME)
  find_package(Python3 3.10 COMPONENTS Interpreter QUIET)
  if(NOT Python3_FOUND OR NOT TARGET tenon_command)
    return()
  endif()
  set(sanitized 0)
  if(TENON_SANITIZE OR CMAKE_CROSSCOMPILING_EMULATOR)
    set(sanitized 1)
  endif()
  add_test(NAME ${folder}_command COMMAND ${Python3_EXECUTABLE} -B -m unittest discover -p test_command.py
           WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  set_tests_properties(${folder}_command PROPERTIES LABELS "fast;${folder}"
    ENVIRONMENT "TENON=${TENON_RUNNABLE_DIR}/tenon;TENON_SANITIZED=${sanitized}")
  tenon_set_timeout(300 ${folder}_command)
endfunction()
