# Compiler, flags and external libraries shared by every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "croft needs clang 19: g++ 12 miscompiles coroutines (see docs/decisions)")
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # The two sloppiness flags are what ccache asks for to cache sources that use a precompiled header.
  set(launcher ${CMAKE_COMMAND} -E env "CCACHE_SLOPPINESS=pch_defines,time_macros" ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

set(CROFT_SANITIZE "" CACHE STRING "comma-separated list for -fsanitize=")
set(CROFT_OPTIMIZE "" CACHE STRING "optimisation level of the dev preset, such as O1")
option(CROFT_FUZZ "build the libFuzzer targets" OFF)

add_library(croft_flags INTERFACE)
target_compile_options(croft_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fno-omit-frame-pointer
  # A designated initialiser that leaves fields at their defaults is how options are passed here.
  -Wno-missing-designated-field-initializers)
if(CROFT_OPTIMIZE)
  # Line tables only: full debug information triples link time and the size of a build tree.
  target_compile_options(croft_flags INTERFACE -gline-tables-only
    -$<IF:$<BOOL:$<TARGET_PROPERTY:CROFT_IS_TEST>>,O0,${CROFT_OPTIMIZE}>)
endif()
# as-needed: a program that uses a corner of a library must not drag in that library's other libraries.
target_link_options(croft_flags INTERFACE -fuse-ld=lld -Wl,--as-needed)
if(CROFT_SANITIZE)
  target_compile_options(croft_flags INTERFACE -fsanitize=${CROFT_SANITIZE}
    -fno-sanitize-recover=all)
  target_link_options(croft_flags INTERFACE -fsanitize=${CROFT_SANITIZE})
endif()
if(CROFT_FUZZ)
  target_compile_options(croft_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Asio, Beast and JSON are compiled once each, not in every source that includes them.
target_compile_definitions(croft_flags INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_REGEX=1)

set(Boost_USE_STATIC_LIBS ON)
set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
foreach(name libsodium sqlite3 libarchive libzstd)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${name})
endforeach()
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)

add_library(croft_external INTERFACE)
target_link_libraries(croft_external INTERFACE
  Boost::headers Boost::json Boost::url fmt::fmt Threads::Threads)

add_library(croft_boost STATIC "${CMAKE_SOURCE_DIR}/cmake/boost_impl.cpp")
target_link_libraries(croft_boost PUBLIC croft_flags Boost::headers OpenSSL::SSL OpenSSL::Crypto
  Threads::Threads)
target_link_libraries(croft_external INTERFACE croft_boost)
