# One INTERFACE target carries every flag of our own code.
add_library(gsst_flags INTERFACE)
target_compile_features(gsst_flags INTERFACE cxx_std_20)
target_include_directories(gsst_flags INTERFACE "${PROJECT_SOURCE_DIR}/core" "${PROJECT_SOURCE_DIR}")
# No contraction: fused multiply-adds would make results depend on the compiler's mood.
target_compile_options(gsst_flags INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast>
    $<$<COMPILE_LANGUAGE:CXX>:-Werror -ffp-contract=off>)
find_package(Threads REQUIRED)
target_link_libraries(gsst_flags INTERFACE Threads::Threads)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(GSST_SANITIZE STREQUAL "address")
    target_compile_options(gsst_flags INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_link_options(gsst_flags INTERFACE -fsanitize=address,undefined)
elseif(GSST_SANITIZE STREQUAL "thread")
    target_compile_options(gsst_flags INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
    target_link_options(gsst_flags INTERFACE -fsanitize=thread)
elseif(NOT GSST_SANITIZE STREQUAL "")
    message(FATAL_ERROR "GSST_SANITIZE is \"${GSST_SANITIZE}\"; use address or thread, or leave it empty")
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
