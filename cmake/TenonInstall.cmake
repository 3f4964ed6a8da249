# `cmake --install` and find_package(Tenon CONFIG): headers, libraries, and the targets Tenon::tenon and
# Tenon::runtime.
include(CMakePackageConfigHelpers)

set(_where ${CMAKE_INSTALL_LIBDIR}/cmake/Tenon)
install(DIRECTORY include/tenon DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
install(EXPORT TenonTargets NAMESPACE Tenon:: DESTINATION ${_where})
configure_package_config_file(cmake/TenonConfig.cmake.in ${PROJECT_BINARY_DIR}/TenonConfig.cmake
                              INSTALL_DESTINATION ${_where})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/TenonConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/TenonConfig.cmake ${PROJECT_BINARY_DIR}/TenonConfigVersion.cmake
              cmake/TenonPlugin.cmake
        DESTINATION ${_where})
