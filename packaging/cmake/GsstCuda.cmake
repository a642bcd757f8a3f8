# Decides whether CUDA is compiled (GSST_CUDA, on or off) and, if so, sets up the language and gsst_cudart. Compiler and
# runtime are those of the virtual environment that LibTorch is in: they need no installed toolkit, no driver and no
# card. No code but that of the files named *_cuda* and *.cu depends on GSST_CUDA; the folders choose between them and
# *_none.cpp.
set(GSST_CUDA OFF)
if(NOT GSST_WITH_CUDA MATCHES "^(AUTO|ON|OFF)$")
    message(FATAL_ERROR "GSST_WITH_CUDA is \"${GSST_WITH_CUDA}\"; use AUTO, ON or OFF")
endif()
if(GSST_WITH_CUDA STREQUAL "OFF")
    return()
endif()

set(reason "")
if(NOT GSST_WITH_TORCH)
    set(reason "LibTorch is left out (GSST_WITH_TORCH=OFF), and the CUDA compiler comes with it")
else()
    foreach(file bin/nvcc nvvm/bin/cicc include/crt/host_config.h include/cuda_runtime_api.h lib/libcudart.so.13)
        if(NOT EXISTS "${cuda_dir}/${file}")
            set(reason "${cuda_dir}/${file} is missing")
            break()
        endif()
    endforeach()
endif()
if(reason AND GSST_WITH_CUDA STREQUAL "ON")
    message(FATAL_ERROR "CUDA cannot be compiled: ${reason}. Run packaging/install.sh, which installs the compiler of "
                        "packaging/requirements.txt into .venv, or use GSST_WITH_CUDA=OFF.")
elseif(reason)
    message(STATUS "Without CUDA: ${reason}")
    return()
endif()
set(GSST_CUDA ON)

set(CMAKE_CUDA_COMPILER "${cuda_dir}/bin/nvcc" CACHE FILEPATH "CUDA compiler")
set(CMAKE_CUDA_HOST_COMPILER "${CMAKE_CXX_COMPILER}" CACHE FILEPATH "C++ compiler of the CUDA compiler")
# Machine code for 7.5, 8.x, 9.0 and 12.x; other cards translate the code of 7.5 or 12.0 when it is first used.
set(CMAKE_CUDA_ARCHITECTURES "75;80-real;90-real;120" CACHE STRING "CUDA compute capabilities to compile for")
set(CMAKE_CUDA_RUNTIME_LIBRARY None)
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
enable_language(CUDA)
if(CCACHE_PROGRAM)
    set(CMAKE_CUDA_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
# Every operation an IEEE one, rounded by itself, as on the processor: results are compared bit for bit.
string(APPEND CMAKE_CUDA_FLAGS " --fmad=false -prec-div=true -prec-sqrt=true -ftz=false")
string(APPEND CMAKE_CUDA_FLAGS " -Werror all-warnings -Xcompiler=-Wall,-Wextra,-Wshadow,-Werror,-ffp-contract=off")

# The runtime, linked by its path: LibTorch loads the same file.
add_library(gsst_cudart INTERFACE)
target_include_directories(gsst_cudart SYSTEM INTERFACE "${cuda_dir}/include")
target_link_libraries(gsst_cudart INTERFACE "${cuda_dir}/lib/libcudart.so.13")
target_link_options(gsst_cudart INTERFACE "-Wl,-rpath,${cuda_dir}/lib")

# The part of LibTorch that knows cards.
add_library(gsst_torch_cuda INTERFACE)
target_link_libraries(gsst_torch_cuda INTERFACE
    gsst_torch gsst_cudart "${torch_dir}/lib/libtorch_cuda.so" "${torch_dir}/lib/libc10_cuda.so")
