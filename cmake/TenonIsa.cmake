# tenon_add_isa_sources(TARGET t ISA avx2|avx2_vnni|avx512|avx512_vnni|avx512_bf16|avx512_fp16|amx FILES ...)
#
# Compiles FILES for one ISA level. They see TENON_KERNEL_ISA=<level> (a token, for namespaces and names);
# every source of the target sees TENON_HAS_ISA_<LEVEL>=1, so that selectors name only the levels that were
# compiled. On other machines than x86-64, and where the compiler does not know the level, the files are left
# out.
#
# A function that the linker merges across translation units (inline, template) would carry the level's
# instructions into code that runs everywhere. Kernel files therefore keep what they define in an anonymous
# namespace or in a namespace of their level, and call nothing inline from outside; tests/isa checks the
# objects.
include(CheckCXXCompilerFlag)

set(_tenon_avx512 "-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512cd")
set(TENON_ISA_FLAGS_avx2 "-mavx2 -mfma -mf16c")
set(TENON_ISA_FLAGS_avx2_vnni "${TENON_ISA_FLAGS_avx2} -mavxvnni")
set(TENON_ISA_FLAGS_avx512 "${TENON_ISA_FLAGS_avx2} ${_tenon_avx512}")
set(TENON_ISA_FLAGS_avx512_vnni "${TENON_ISA_FLAGS_avx512} -mavx512vnni")
set(TENON_ISA_FLAGS_avx512_bf16 "${TENON_ISA_FLAGS_avx512_vnni} -mavx512bf16")
set(TENON_ISA_FLAGS_avx512_fp16 "${TENON_ISA_FLAGS_avx512_bf16} -mavx512fp16")
set(TENON_ISA_FLAGS_amx "${TENON_ISA_FLAGS_avx512_fp16} -mamx-tile -mamx-int8 -mamx-bf16")

function(tenon_add_isa_sources)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;ISA" "FILES")
  if(NOT DEFINED TENON_ISA_FLAGS_${arg_ISA})
    message(FATAL_ERROR "tenon_add_isa_sources: unknown ISA level '${arg_ISA}'")
  endif()
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    return()
  endif()
  check_cxx_compiler_flag("${TENON_ISA_FLAGS_${arg_ISA}}" TENON_COMPILES_${arg_ISA})
  if(NOT TENON_COMPILES_${arg_ISA})
    return()
  endif()
  separate_arguments(flags UNIX_COMMAND "${TENON_ISA_FLAGS_${arg_ISA}}")
  # Unrolled kernels under every check take minutes each to compile. The portable level, the same algorithm, keeps
  # all checks; here those for addresses stay, as calls: written out at each access they triple a file's time.
  if(TENON_SANITIZE MATCHES undefined)
    list(APPEND flags -fno-sanitize=undefined)
  endif()
  if(TENON_SANITIZE MATCHES address AND CMAKE_CXX_COMPILER_ID MATCHES Clang)
    list(APPEND flags -fsanitize-address-outline-instrumentation)
  endif()
  if(TENON_FUZZERS)
    list(APPEND flags -fno-sanitize=fuzzer-no-link)
  endif()
  string(TOUPPER ${arg_ISA} upper)
  target_compile_definitions(${arg_TARGET} PRIVATE TENON_HAS_ISA_${upper}=1)
  foreach(file IN LISTS arg_FILES)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    target_sources(${arg_TARGET} PRIVATE ${file})
    set_source_files_properties(${file} TARGET_DIRECTORY ${arg_TARGET} PROPERTIES
      COMPILE_OPTIONS "${flags}"
      COMPILE_DEFINITIONS TENON_KERNEL_ISA=${arg_ISA}
      SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
endfunction()
