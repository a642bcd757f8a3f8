// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/rollback.h"

#include "run/run_folder.h"
#include "store/run_lock.h"
#include "store/state_store.h"

#include <algorithm>
#include <string>

namespace gsst {

Status chooseRollback(FileSystem& files, const ResumeRequest& request, const EventSink& sink) {
    GSST_ASSIGN(const RunRecord run, readRunRecord(files, {request.folder}));
    GSST_ASSIGN(const auto lock, lockRun(files, request.folder));
    const TensorTable table(run.spec.model);
    const StateFormat format(table, run.spec.training.state, optimizerSpec(run.spec.training.optimizer), run.share());
    GSST_ASSIGN(const auto store, StateStore::open(files, request.folder, table, format, Caching::Direct));
    const uint64_t newestOrder = store->committed().dataOrder;
    if (request.rollBack) {
        GSST_TRY(store->rollBackToPrevious());
        sink(LogLine{LogLine::Level::Info,
                     "Went back to the commit of step " + std::to_string(store->committed().step)});
    }
    if (request.reshuffle) {
        CommitRecord record = store->committed();
        record.dataOrder = std::max(record.dataOrder, newestOrder) + 1;
        record.skippedInARow = 0;
        GSST_TRY(store->commit(record.slot, record));
        sink(LogLine{LogLine::Level::Info, "From step " + std::to_string(record.step + 1) +
                                               " on the text comes in another order (number " +
                                               std::to_string(record.dataOrder) + ")"});
    }
    return {};
}

}  // namespace gsst
