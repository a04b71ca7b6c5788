# croft_library(NAME DEPENDS base task ... LINK PkgConfig::x ...)
#   Every .cpp of the current folder (and the sub-folders named in SUBDIRS) except *_test.cpp and
#   main.cpp becomes library croft_NAME; every *_test.cpp goes into one test program croft_NAME_test.
# croft_program(NAME LIBRARIES daemon ...)
#   main.cpp of the current folder becomes program NAME.
include(GoogleTest)

# Tests are run once after each compilation: their own code is not optimised, which halves its compile time.
# croft_flags reads this property of the target that is compiled.
define_property(TARGET PROPERTY CROFT_IS_TEST BRIEF_DOCS "a program that only tests")

# The precompiled header of tests: the libraries' own one, and GoogleTest.
add_library(croft_test_pch OBJECT "${CMAKE_SOURCE_DIR}/cmake/test_pch.cpp")
set_target_properties(croft_test_pch PROPERTIES CROFT_IS_TEST ON)
target_include_directories(croft_test_pch PRIVATE "${CMAKE_SOURCE_DIR}/src")
target_compile_options(croft_test_pch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
target_precompile_headers(croft_test_pch PRIVATE "${CMAKE_SOURCE_DIR}/cmake/pch.h" <gmock/gmock.h>)
target_link_libraries(croft_test_pch PRIVATE croft_flags croft_external GTest::gmock)

# All that the tests with the label `unit` run: what a build is that shall only run those.
add_custom_target(unit_programs)
# Of one test, in seconds. Sanitizers make programs several times slower.
set(CROFT_UNIT_TIMEOUT 120)
if(CROFT_SANITIZE)
  set(CROFT_UNIT_TIMEOUT 600)
endif()

# croft_precompiled(TARGET FROM): compiles the target with the precompiled header of another one.
function(croft_precompiled target from)
  target_precompile_headers(${target} REUSE_FROM ${from})
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
endfunction()

# croft_test(TARGET): compiles the target as a test.
function(croft_test target)
  set_target_properties(${target} PROPERTIES CROFT_IS_TEST ON)
  croft_precompiled(${target} croft_test_pch)
endfunction()

function(croft_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK;SUBDIRS;TEST_DEPENDS" ${ARGN})
  set(globs "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  foreach(dir ${ARG_SUBDIRS})
    list(APPEND globs "${CMAKE_CURRENT_SOURCE_DIR}/${dir}/*.cpp")
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${globs})
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")

  set(deps ${ARG_DEPENDS})
  list(TRANSFORM deps PREPEND croft_)
  if(sources)
    add_library(croft_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_compile_options(croft_${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    if(name STREQUAL "base")
      target_precompile_headers(croft_base PRIVATE "${CMAKE_SOURCE_DIR}/cmake/pch.h")
    else()
      target_precompile_headers(croft_${name} REUSE_FROM croft_base)
    endif()
  else()
    add_library(croft_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(croft_${name} ${scope} "${CMAKE_SOURCE_DIR}/src")
  target_link_libraries(croft_${name} ${scope} croft_flags croft_external ${deps} ${ARG_LINK})

  if(tests)
    set(test_deps ${ARG_TEST_DEPENDS})
    list(TRANSFORM test_deps PREPEND croft_)
    add_executable(croft_${name}_test ${tests})
    croft_test(croft_${name}_test)
    target_compile_definitions(croft_${name}_test PRIVATE
      CROFT_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    target_link_libraries(croft_${name}_test PRIVATE croft_${name} ${test_deps} GTest::gmock
      GTest::gtest_main)
    gtest_discover_tests(croft_${name}_test DISCOVERY_TIMEOUT 60
      PROPERTIES LABELS unit TIMEOUT ${CROFT_UNIT_TIMEOUT})
    add_dependencies(unit_programs croft_${name}_test)
  endif()
endfunction()

function(croft_program name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  set(libs ${ARG_LIBRARIES})
  list(TRANSFORM libs PREPEND croft_)
  add_executable(${name} main.cpp)
  croft_precompiled(${name} croft_base)
  target_link_libraries(${name} PRIVATE ${libs})
endfunction()
