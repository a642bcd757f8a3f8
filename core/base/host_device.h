// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

/// Marks a function that CUDA kernels use too.
#ifdef __CUDACC__
#define GSST_HD __host__ __device__
#else
#define GSST_HD
#endif
