// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plan/compiled_plan.h"
#include "plan/search/planner.h"
#include "plan/search/program_peaks.h"
#include "plan/search/residency_search.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

namespace gsst {

/// Bytes; 0 = no limit. `program` is what the program takes of the RAM besides what a plan counts.
struct SearchLimits {
    int64_t device = 0;
    int64_t ram = 0;
    int64_t program = 0;
    int ranks = 1;  ///< see Placement
};

/// What kind of placement is looked for.
struct WantedPlacement {
    bool allInRam = false;  ///< all state in RAM or on the device; else on disk, with as much as fits in RAM
    bool storesGradients = true;
    bool keepsActivations = true;  ///< as far as they fit
    int64_t vocabularyRows = 0;    ///< see Placement
};

/// Divisors of the recipe's micro-batch, largest first, itself included: any of them keeps the tokens per step.
std::vector<int64_t> microBatchesToTry(const TrainSpec& training);

/// Rows of vocabulary slices, coarsest first: embedding and head whole (0), then in halves, quarters ... down to one
/// canonical chunk.
std::vector<int64_t> vocabularyRowsToTry(const ModelSpec& model, const TrainSpec& training);

/// Looks for the coarsest slicing and the largest micro-batch that fit given limits, and fills what is left with what
/// saves most.
class PlacementSearch {
public:
    /// References must outlive it.
    PlacementSearch(const RunSpec& spec, const TensorTable& table, std::shared_ptr<const StateFormat> format,
                    const SearchLimits& limits)
        : m_spec(spec), m_table(table), m_format(std::move(format)), m_limits(limits),
          m_peaks(table, m_format, spec.training) {}

    /// A plan without rule, step and disk bytes; nothing if none fits.
    std::optional<Plan> find(const WantedPlacement& wanted);

    /// `plan` with the embedding's weights kept in RAM too, if they fit there. A step that updates in its backward
    /// sweep writes the embedding last, and the next step would at once have to read it.
    Plan keepEmbeddingWeights(const Plan& plan);

    /// The least device peak with such vocabulary slices, and with any.
    int64_t leastPeak(int64_t vocabularyRows);
    int64_t smallestDevice();
    /// The least RAM that anything tried so far needs.
    int64_t leastRam() const { return m_leastRam; }
    CompiledPlan compiled(const Plan& plan) const { return CompiledPlan(m_table, m_spec.training, m_format, plan); }

private:
    struct Shape {
        int64_t microBatch = 1;
        int units = 2;
        Tier boundaries = Tier::Ram;
        int64_t vocabularyRows = 0;
        Tier tiedGradients = Tier::Ram;
    };
    /// Peaks and sizes of a placement; nothing is judged.
    Plan measured(const Shape& shape, Placement placement, bool stateOnDisk);
    /// groupBytes() of the slicing, remembered: many placements of a slicing are tried, and large models have many
    /// blocks.
    int64_t groupBytesOf(const Shape& shape, const std::vector<SliceRange>& slices, int64_t chunkElements);
    Plan streamed(const Shape& shape);
    Plan resident(const Shape& shape);
    Plan keepActivations(const Shape& shape, Plan plan);
    Plan keepOnDevice(const Shape& shape, Plan plan);
    BytesSavedPerByte worth() const;
    /// Where a tied head's shares of gradients may be, best first; one place where there are none.
    std::vector<Tier> tiedGradientTiersToTry() const;

    const RunSpec& m_spec;
    const TensorTable& m_table;
    const std::shared_ptr<const StateFormat> m_format;
    SearchLimits m_limits;
    WantedPlacement m_wanted;
    KnownPeaks m_peaks;
    int64_t m_leastRam = 0;
    std::map<std::tuple<int, int64_t, int64_t>, int64_t>
        m_groupBytes;  ///< by units, vocabulary rows and elements of a chunk
};

}  // namespace gsst
