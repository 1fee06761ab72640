# What `cmake --install` puts where: librhizo and the libduckdb it was built with side by side, public headers, the CMake
# package `rhizo`, the `rhizo` executable, licences.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

target_compile_features(rhizo INTERFACE cxx_std_20)
set(rhizo_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rhizo)
set(rhizo_license_dir ${CMAKE_INSTALL_DOCDIR})

install(TARGETS rhizo EXPORT rhizoTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES $<TARGET_FILE:duckdb> DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/rhizo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET rhizo_executable)
  install(TARGETS rhizo_executable RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

install(EXPORT rhizoTargets NAMESPACE rhizo:: DESTINATION ${rhizo_package_dir})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/rhizoConfig.cmake.in ${CMAKE_BINARY_DIR}/rhizoConfig.cmake
                              INSTALL_DESTINATION ${rhizo_package_dir})
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/rhizoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/rhizoConfig.cmake ${CMAKE_BINARY_DIR}/rhizoConfigVersion.cmake
        DESTINATION ${rhizo_package_dir})

install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/NOTICE DESTINATION ${rhizo_license_dir} OPTIONAL)
set(rhizo_licenses ${rhizo_license_dir}/licenses)
install(FILES ${DUCKDB_DIR}/LICENSE DESTINATION ${rhizo_licenses} RENAME duckdb OPTIONAL)
install(FILES ${BLAKE3_DIR}/../LICENSE DESTINATION ${rhizo_licenses} RENAME blake3 OPTIONAL)
install(FILES ${CMAKE_SOURCE_DIR}/third_party/nanoarrow/LICENSE DESTINATION ${rhizo_licenses} RENAME nanoarrow)
install(FILES ${CMAKE_SOURCE_DIR}/third_party/nanoarrow/NOTICE.flatcc DESTINATION ${rhizo_licenses} RENAME flatcc-notice)
install(FILES ${CMAKE_SOURCE_DIR}/third_party/nanoarrow/LICENSE.flatcc DESTINATION ${rhizo_licenses} RENAME flatcc)
install(FILES ${CMAKE_SOURCE_DIR}/third_party/lz4/LICENSE DESTINATION ${rhizo_licenses} RENAME lz4)
foreach(package libcli11-dev nlohmann-json3-dev libreadline-dev)
  install(FILES /usr/share/doc/${package}/copyright DESTINATION ${rhizo_licenses} RENAME ${package} OPTIONAL)
endforeach()
