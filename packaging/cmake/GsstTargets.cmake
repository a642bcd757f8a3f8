# What every test program gets, and every script that runs one. Active OpenMP waiting makes small steps twenty times
# slower as soon as anything else runs.
set(gsst_test_environment "OMP_WAIT_POLICY=passive;XDG_CACHE_HOME=${CMAKE_BINARY_DIR}/tests/cache")

# gsst_library(<name> SOURCES ... [PUBLIC ...] [PRIVATE ...]): static library gsst_<name> with our flags.
function(gsst_library name)
    cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    add_library(gsst_${name} STATIC ${ARG_SOURCES})
    target_link_libraries(gsst_${name} PUBLIC gsst_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# gsst_program(<target>): linked with no library that it does not use itself (CUDA's comes with the folders that know
# cards), and built with the one that it loads when it needs tensors.
function(gsst_program name)
    target_link_options(${name} PRIVATE LINKER:--as-needed)
    gsst_loads_tensors(${name})
endfunction()

# gsst_loads_tensors(<target>): whoever builds it wants the tensor library too. It looks for it in ../lib/gsst-studio.
function(gsst_loads_tensors name)
    if(TARGET gsst_torch_library)
        add_dependencies(${name} gsst_torch_library)
    endif()
endfunction()

# gsst_test(<file stem> LIBRARIES ... [LABELS ...] [TIMEOUT s]): one GoogleTest program from <file stem>.cpp,
# one ctest entry.
function(gsst_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "LIBRARIES;LABELS" ${ARGN})
    add_executable(${name} ${name}.cpp)
    target_link_libraries(${name} PRIVATE ${ARG_LIBRARIES} GTest::gtest GTest::gtest_main)
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 300)
    endif()
    if(GSST_SANITIZE)  # ten times as slow, some of them
        math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 5")
    endif()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES
        LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} ENVIRONMENT "${gsst_test_environment}")
endfunction()
