// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// Marks a function that CUDA kernels use too.
#ifdef __CUDACC__
#define GSST_HD __host__ __device__
#else
#define GSST_HD
#endif

/// Before a loop over an array that a CUDA thread keeps in its registers: they have no index, so each round must be
/// written out.
#ifdef __CUDA_ARCH__
#define GSST_UNROLL _Pragma("unroll")
#else
#define GSST_UNROLL
#endif
