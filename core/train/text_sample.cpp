// SPDX-License-Identifier: GPL-3.0-or-later
#include "train/text_sample.h"

#include "generate/committed_text.h"

#include <utility>

namespace gsst {

Result<std::string> sampleText(Trainer& trainer, const PreparedRun& run, std::stop_token stop) {
    const TrainSpec& training = run.record.spec.training;
    GenerateOptions options;
    options.prompt = training.samplePrompt;
    options.tokens = training.sampleTokens;
    options.seed = training.seed;
    GSST_ASSIGN(DrawnText drawn, committedText({*run.table, trainer.store(), run.record.spec, run.tokenizer,
                                                *run.backend, trainer.device()},
                                               options, {}, std::move(stop)));
    return std::move(drawn.text);
}

}  // namespace gsst
