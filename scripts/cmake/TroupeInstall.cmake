# SPDX-License-Identifier: BSL-1.0
# Install rules: headers, the libraries, the actor-host executable, and the package that find_package(troupe) finds.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/troupe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.hpp)
install(TARGETS troupe troupe-module troupe-module-host troupe-testing troupe-testing-main EXPORT troupeTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${PROJECT_SOURCE_DIR}/runtime/testing/main.cpp DESTINATION ${CMAKE_INSTALL_DATADIR}/troupe/testing)
install(EXPORT troupeTargets NAMESPACE troupe:: DESTINATION ${package_directory})
if(TARGET actor-host)
  install(TARGETS actor-host RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${PROJECT_SOURCE_DIR}/actor-host/actor-host.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/troupeConfig.cmake.in ${PROJECT_BINARY_DIR}/package/troupeConfig.cmake
                              INSTALL_DESTINATION ${package_directory} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/troupeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/troupeConfig.cmake ${PROJECT_BINARY_DIR}/package/troupeConfigVersion.cmake
        DESTINATION ${package_directory})
