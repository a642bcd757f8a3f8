// SPDX-License-Identifier: GPL-3.0-or-later
#include "generate/committed_text.h"

#include "data/stream_decoder.h"
#include "generate/committed_units.h"
#include "tensors/tensor_library.h"

namespace gsst {

Result<DrawnText> committedText(const TextModel& model, const GenerateOptions& options,
                                const std::function<void(const std::string&)>& onText, std::stop_token stop) {
    GSST_ASSIGN(TensorLibrary * tensors, tensorLibrary());
    GSST_TRY(model.backend.useThreads(model.spec.training.threads));
    CachingPool& pool = model.device.pool();
    const Precision precision = model.spec.training.precision;
    GSST_ASSIGN(const auto units, CommittedUnits::create(model.table, model.store, precision, pool));
    const auto generator = tensors->textGenerator(model.table, model.spec.training, *units, pool);

    std::vector<int64_t> prompt;
    for (int32_t token : model.tokenizer.encode(options.prompt))
        prompt.push_back(token);
    const auto endOfText = model.tokenizer.endOfText();
    // Something must come first: the end of the text before, or a line feed.
    if (prompt.empty())
        prompt.push_back(endOfText ? *endOfText : int64_t('\n'));

    GenerationOptions generation;
    generation.tokens = options.tokens;
    generation.sampling.temperature = options.temperature;
    generation.sampling.topK = options.topK;
    generation.sampling.topP = options.topP;
    generation.seed = options.seed;
    if (endOfText)
        generation.endToken = *endOfText;
    StreamDecoder decoder(model.tokenizer);
    DrawnText drawn;
    const auto add = [&](const std::string& piece) {
        drawn.text += piece;
        if (onText && !piece.empty())
            onText(piece);
    };
    const auto onToken = [&](int64_t token) {
        add(decoder.push(int32_t(token)));
        return true;
    };
    GSST_ASSIGN(drawn.tokens, generator->generate(prompt, generation, onToken, std::move(stop)));
    add(decoder.finish());
    return drawn;
}

}  // namespace gsst
