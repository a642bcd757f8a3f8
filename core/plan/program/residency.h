// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/program/slicing.h"
#include "spec/state_format.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gsst {

/// Where bytes are between the ops that need them.
enum class Tier : uint8_t {
    Device,  ///< the capped pool
    Ram,     ///< the counted pool of host memory
    Disk     ///< the run folder
};

/// Where one slice's state and gradient are. Whatever is on disk is also streamed from there; with any state on disk,
/// what is in RAM or on the device is a write-through copy, which saves reads and no writes.
struct SliceResidency {
    Tier weights = Tier::Disk;      ///< `hi`. Device: a copy in RAM, and the compute weights stay on the device
    Tier remainder = Tier::Disk;    ///< `lo`: Ram or Disk
    Tier moments = Tier::Disk;      ///< Ram or Disk
    Tier gradient = Tier::Disk;     ///< of gradients that wait for the next step's update
    bool keepsActivations = false;  ///< what the forward pass computes stays on the device for the backward pass
    Tier of(StateKind kind) const {
        return kind == StateKind::Hi ? weights : kind == StateKind::Lo ? remainder : moments;
    }
    bool stateInRam(const StateFormat& format) const {
        for (StateKind kind : format.kinds())
            if (of(kind) == Tier::Disk)
                return false;
        return true;
    }
    auto operator<=>(const SliceResidency&) const = default;
};

/// The free choices of a schedule; none of them changes a bit of the result.
struct Placement {
    int unitsPerSlice = 2;
    int64_t vocabularyRows = 0;  ///< of a slice of the embedding and of the head, see makeSlicing(); 0: they are whole
    int64_t chunkElements = 4 << 20;
    Tier boundaries = Tier::Ram;     ///< boundary activations and their gradients
    Tier tiedGradients = Tier::Ram;  ///< what a tied head adds to the gradient of vocabulary slices that is not on the
                                     ///< device: Ram or Disk
    SliceResidency everywhere;       ///< of the slices that `slices` does not list
    std::vector<SliceResidency> slices;  ///< by slice, from the first

    const SliceResidency& of(int slice) const {
        return size_t(slice) < slices.size() ? slices[size_t(slice)] : everywhere;
    }
    auto operator<=>(const Placement&) const = default;
};

inline std::vector<SliceRange> makeSlicing(const TensorTable& table, const Placement& placement) {
    return makeSlicing(table, placement.unitsPerSlice, placement.vocabularyRows);
}

/// Everything streamed.
inline Placement streamedPlacement() {
    return {};
}

/// Everything kept: weights and gradients on the device, the rest of the state in RAM.
inline Placement residentPlacement() {
    Placement placement;
    placement.boundaries = Tier::Device;
    placement.everywhere = {Tier::Device, Tier::Ram, Tier::Ram, Tier::Device};
    return placement;
}

}  // namespace gsst
