# Third-party libraries as imported targets. DuckDB comes from .deps/ (tools/setup/setup) or RHIZO_DUCKDB_DIR.
find_package(PkgConfig REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)

# BLAKE3's C sources, as Debian ships them with the Rust crate.
file(GLOB blake3_dirs /usr/share/cargo/registry/blake3-*/c)
list(GET blake3_dirs 0 BLAKE3_DIR)
add_library(blake3 OBJECT ${BLAKE3_DIR}/blake3.c ${BLAKE3_DIR}/blake3_dispatch.c ${BLAKE3_DIR}/blake3_portable.c
            ${BLAKE3_DIR}/blake3_sse2_x86-64_unix.S ${BLAKE3_DIR}/blake3_sse41_x86-64_unix.S
            ${BLAKE3_DIR}/blake3_avx2_x86-64_unix.S ${BLAKE3_DIR}/blake3_avx512_x86-64_unix.S)
target_include_directories(blake3 SYSTEM PUBLIC ${BLAKE3_DIR})
target_compile_options(blake3 PRIVATE -w -O2)

if(DEFINED ENV{RHIZO_DUCKDB_DIR})
  set(DUCKDB_DIR $ENV{RHIZO_DUCKDB_DIR})
else()
  set(DUCKDB_DIR ${CMAKE_SOURCE_DIR}/.deps/duckdb)
endif()
if(NOT EXISTS ${DUCKDB_DIR}/lib/libduckdb.so)
  message(FATAL_ERROR "no DuckDB in ${DUCKDB_DIR}: run tools/setup/setup, or set RHIZO_DUCKDB_DIR")
endif()
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES IMPORTED_LOCATION ${DUCKDB_DIR}/lib/libduckdb.so IMPORTED_NO_SONAME FALSE)
set(duckdb_include_dirs
    ${DUCKDB_DIR}/include/src/include ${DUCKDB_DIR}/include/extension/parquet/include)
foreach(folder fastpforlib parquet thrift zstd/include mbedtls/include fsst lz4 fmt/include re2 utf8proc/include
               hyperloglog concurrentqueue miniz skiplist snappy brotli/include)
  if(EXISTS ${DUCKDB_DIR}/include/third_party/${folder})
    list(APPEND duckdb_include_dirs ${DUCKDB_DIR}/include/third_party/${folder})
  endif()
endforeach()
target_include_directories(duckdb SYSTEM INTERFACE ${duckdb_include_dirs})
