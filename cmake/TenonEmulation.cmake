# Tests that start programs from scripts. Where an emulator has to run what is built, they get scripts that call it.

# What they run lies here, as in bin/.
set(TENON_RUNNABLE_DIR ${PROJECT_BINARY_DIR}/bin)
if(CMAKE_CROSSCOMPILING_EMULATOR)
  set(TENON_RUNNABLE_DIR ${PROJECT_BINARY_DIR}/emulated)
endif()

# tenon_runnable(tenon_command [examples]): makes the program one of TENON_RUNNABLE_DIR, or of that folder in it.
function(tenon_runnable target)
  if(NOT CMAKE_CROSSCOMPILING_EMULATOR)
    return()
  endif()
  list(JOIN CMAKE_CROSSCOMPILING_EMULATOR " " emulator)
  file(GENERATE OUTPUT ${TENON_RUNNABLE_DIR}/${ARGN}/$<TARGET_FILE_NAME:${target}>
       CONTENT "#!/bin/sh\nexec ${emulator} $<TARGET_FILE:${target}> \"$@\"\n"
       FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endfunction()

# tenon_set_timeout(<seconds> <test> ...): that long, and twenty times that where an emulator runs the tests.
function(tenon_set_timeout seconds)
  if(CMAKE_CROSSCOMPILING_EMULATOR)
    math(EXPR seconds "${seconds} * 20")
  endif()
  set_tests_properties(${ARGN} PROPERTIES TIMEOUT ${seconds})
endfunction()
