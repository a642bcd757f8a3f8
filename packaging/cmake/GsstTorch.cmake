# Imported target gsst_torch: LibTorch as the PyPI package torch carries it. find_package(Torch) is not used: it wants
# an installed CUDA toolkit and probes for a GPU.
if(GSST_TORCH_DIR STREQUAL "")
    file(GLOB candidates "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch")
    if(candidates)
        list(GET candidates 0 GSST_TORCH_FOUND_DIR)
    endif()
else()
    set(GSST_TORCH_FOUND_DIR "${GSST_TORCH_DIR}")
endif()
if(NOT GSST_TORCH_FOUND_DIR OR NOT EXISTS "${GSST_TORCH_FOUND_DIR}/lib/libtorch_cpu.so")
    message(FATAL_ERROR "LibTorch not found. Run packaging/run.sh --build-only, which installs it into .venv, or set "
                        "GSST_TORCH_DIR to the folder of an installed torch package (the one that has "
                        "lib/libtorch_cpu.so).")
endif()
set(torch_dir "${GSST_TORCH_FOUND_DIR}")
file(STRINGS "${torch_dir}/include/torch/headeronly/version.h" version_lines
    REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) ")
string(REGEX MATCHALL "[0-9]+" version_numbers "${version_lines}")
list(JOIN version_numbers "." GSST_TORCH_VERSION)
get_filename_component(site_packages "${torch_dir}/.." ABSOLUTE)
set(cuda_dir "${site_packages}/nvidia/cu13")

add_library(gsst_torch INTERFACE)
target_include_directories(gsst_torch SYSTEM INTERFACE
    "${torch_dir}/include" "${torch_dir}/include/torch/csrc/api/include")
target_link_directories(gsst_torch INTERFACE "${torch_dir}/lib")
target_link_libraries(gsst_torch INTERFACE
    "${torch_dir}/lib/libtorch_cpu.so" "${torch_dir}/lib/libc10.so" "${torch_dir}/lib/libtorch.so")
target_link_options(gsst_torch INTERFACE
    "-Wl,-rpath,${torch_dir}/lib" "-Wl,-rpath,${cuda_dir}/lib"
    "-Wl,-rpath-link,${torch_dir}/lib" "-Wl,--allow-shlib-undefined")
get_filename_component(torch_environment "${torch_dir}/../../../.." ABSOLUTE)
set(GSST_PYTHON "${torch_environment}/bin/python3"
    CACHE FILEPATH "Python with torch, for the tests that compare with PyTorch")
