# TENON_PYTHON: whether to build the Python module. It takes nanobind and the headers of the Python that has it:
# build/venv, which scripts/setup.sh makes, else the one that CMake finds.
#
# A module with sanitizers runs only in a Python that was started with their runtime, and a cross build has no Python of
# the target's kind: both go without.

if(CMAKE_CROSSCOMPILING OR TENON_SANITIZE OR TENON_FUZZERS)
  set(_tenon_python_default OFF)
else()
  set(_tenon_python_default ON)
endif()
option(TENON_PYTHON "Build the Python module, where nanobind is found" ${_tenon_python_default})
if(NOT TENON_PYTHON)
  return()
endif()

if(NOT DEFINED Python_EXECUTABLE AND NOT SKBUILD AND EXISTS ${PROJECT_SOURCE_DIR}/build/venv/bin/python)
  set(Python_EXECUTABLE ${PROJECT_SOURCE_DIR}/build/venv/bin/python)
endif()
set(_modules Interpreter Development.Module)
if(SKBUILD_SABI_COMPONENT)
  list(APPEND _modules ${SKBUILD_SABI_COMPONENT})
endif()
find_package(Python 3.10 COMPONENTS ${_modules} QUIET)
if(Python_FOUND)
  execute_process(COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir OUTPUT_VARIABLE _nanobind
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE _result)
  if(_result EQUAL 0)
    find_package(nanobind 3 CONFIG QUIET PATHS ${_nanobind} NO_DEFAULT_PATH)
  endif()
endif()
if(NOT nanobind_FOUND)
  if(SKBUILD)
    message(FATAL_ERROR "the Python module needs nanobind 3 and Python's headers")
  endif()
  message(STATUS "Python module: left out, nanobind 3 or Python's headers are not there (scripts/setup.sh)")
  set(TENON_PYTHON OFF)
endif()
set(TENON_PYTHON_EXECUTABLE ${Python_EXECUTABLE} CACHE INTERNAL "")
